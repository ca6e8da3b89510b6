// The round trip of scripts/check-clients, through a client that a generator made: each step is a
// call and what has to come back.

/** What a call came to, whichever client made it. */
export type Answer = { status: number; data: any; header: (name: string) => string | null };
type Call<Arguments extends unknown[]> = (...given: Arguments) => Promise<Answer>;

/** The calls of the round trip; each adapter makes them with the typed functions of its client. */
export interface Client {
  createJob: Call<[body: any, key?: string]>;
  createJobs: Call<[body: any]>;
  getJob: Call<[id: string, seen?: string]>;
  claimJobs: Call<[body: any]>;
  heartbeat: Call<[id: string, body: any]>;
  reportItems: Call<[id: string, body: any]>;
  listItems: Call<[id: string]>;
  markCompleted: Call<[id: string, body: any]>;
  updateJob: Call<[id: string, body: any, match?: string]>;
  listJobs: Call<[cursor?: string]>;
  countJobs: Call<[]>;
  getStats: Call<[]>;
  listEvents: Call<[id: string]>;
  /** All messages of the stream, as text or as a list of their data. */
  streamJobEvents: Call<[id: string]>;
  startImport: Call<[dump: Blob]>;
  getImport: Call<[id: string]>;
  startAction: Call<[body: any]>;
  createSeries: Call<[body: any]>;
  deleteSeries: Call<[id: string]>;
}

let passed = 0;

function check(step: string, holds: unknown, got: Answer) {
  if (!holds) throw new Error(`${step}: ${got.status} ${JSON.stringify(got.data)}`);
  passed += 1;
}

export async function roundTrip(client: Client) {
  const type = `check-${Math.random().toString(36).slice(2)}`;
  const items = [{ key: 'a', input: { shot: 1 } }, { key: 'b' }, { key: 'c' }];
  const body = { job_type: type, project_title: 'Night train', items };

  const made = await client.createJob(body, `${type}-key`);
  const id: string = made.data?.job_id;
  check('create', made.status === 201 && made.data.status === 'queued', made);
  check('Location and ETag', made.header('location')?.endsWith(id) && made.header('etag'), made);
  const again = await client.createJob(body, `${type}-key`);
  check('the same key', again.status === 201 && again.data.job_id === id, again);
  const more = await client.createJobs({ jobs: [{ job_type: type }, { job_type: type }] });
  check('create many', more.status === 200 && more.data.outcomes.length === 2, more);

  const read = await client.getJob(id);
  check('read', read.status === 200 && read.data.project_title === 'Night train', read);
  const unchanged = await client.getJob(id, read.header('etag') ?? '');
  check('304', unchanged.status === 304, unchanged);

  const claimed = await client.claimJobs({ worker_id: 'w', job_types: [type], max_jobs: 1 });
  const lease = claimed.data?.jobs?.[0]?.lease;
  check('claim', claimed.status === 200 && claimed.data.jobs[0].job.job_id === id, claimed);
  const beat = await client.heartbeat(id, { lease_token: lease.token, current_stage: 'Rendering' });
  check('heartbeat', beat.status === 200 && beat.data.cancel_requested === false, beat);
  const token = { lease_token: lease.token };
  const done = { status: 'completed', result: { video_path: '/media/a.mp4' } };
  const keyed = await client.reportItems(id, { ...token, items: [{ key: 'a', ...done }] });
  check('item by key', keyed.status === 200 && keyed.data.completed_shots === 1, keyed);
  const placed = await client.reportItems(id, { ...token, items: [{ idx: 1, ...done }] });
  check('item by idx', placed.status === 200 && placed.data.completed_shots === 2, placed);
  const listed = await client.listItems(id);
  const states = listed.data?.items?.map((item: any) => item.status).join();
  check('items', states === 'completed,completed,pending', listed);
  const ended = await client.markCompleted(id, {
    ...token,
    result: { video_path: '/media/f.mp4' },
  });
  check('complete', ended.status === 200 && ended.data.progress === 100, ended);

  const stale = await client.updateJob(id, { style: 'Noir' }, '"1"');
  check('412', stale.status === 412 && stale.data.code === 'version_mismatch', stale);
  const patched = await client.updateJob(id, { project_title: null, style: 'Noir' });
  const { project_title: title, style } = patched.data;
  check('merge patch with null', title === null && style === 'Noir', patched);
  const wrong = await client.createJob({ job_type: type, labels: { 'a b': 'red' } });
  const pointer = wrong.data?.errors?.[0]?.pointer;
  check('400 with pointer', wrong.status === 400 && pointer === '/labels', wrong);
  const missing = await client.getJob('none');
  const kind = missing.data?.type;
  check('404', missing.status === 404 && kind === '/problems/job_not_found', missing);

  const seen = new Set<string>();
  let page = await client.listJobs();
  for (let pages = 1; ; pages += 1) {
    for (const job of page.data.jobs) seen.add(job.job_id);
    if (!page.data.has_more || pages > 200) break;
    page = await client.listJobs(page.data.next_cursor);
  }
  check('cursor walk', seen.has(id) && seen.size === page.data.pagination.total, page);
  const counts = await client.countJobs();
  check('counts', counts.status === 200 && counts.data.total === seen.size, counts);
  const stats = await client.getStats();
  check('stats', stats.status === 200 && stats.data.buckets.length === 60, stats);
  const events = await client.listEvents(id);
  const kinds = events.data?.events?.map((event: any) => event.kind);
  check('events', kinds?.[0] === 'created' && kinds.includes('completed'), events);
  const stream = await client.streamJobEvents(id);
  check('stream', JSON.stringify(stream.data).includes(id), stream);

  const dump = new Blob(['[{"job_id": "x"}]']);
  const started = await client.startImport(dump);
  check('import as bytes', started.status === 202, started);
  const run = await client.getImport(started.data.import_id);
  check('read the import', run.status === 200 && run.data.options.files[0] === 'upload', run);

  const filter = { job_type: type, status: ['queued'] };
  const dry = await client.startAction({ action: 'cancel', filter, dry_run: true });
  check('action, dry run', dry.status === 200 && dry.data.will_change === 2, dry);
  const action = await client.startAction({ action: 'cancel', filter });
  check('action', action.status === 202 && action.data.matching === 2, action);
  const series = await client.createSeries({ title: 'Night trains' });
  const gone = await client.deleteSeries(series.data?.series_id);
  check('204', series.status === 201 && gone.status === 204, gone);
  console.log(`${passed} steps`);
}
