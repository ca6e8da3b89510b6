import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { CallsheetError, createClient, unwrap, type CallsheetClient } from '../src/index.js';
import { newType, onBoth } from './serving.js';

onBoth('the client', (database) => {
  let client: CallsheetClient;
  before(async () => {
    const server = await (await database()).serve();
    client = createClient({ server: server.url });
  });

  test('a job goes through its life', async () => {
    const type = newType();
    const job = await unwrap(
      client.POST('/api/v1/jobs', {
        body: { job_type: type, labels: { team: 'red' }, items: [{ key: 'a' }, { key: 'b' }] },
      }),
    );
    assert.deepEqual([job.status, job.labels], ['queued', { team: 'red' }]);
    const claimed = await unwrap(
      client.POST('/api/v1/claims', { body: { worker_id: 'w', job_types: [type] } }),
    );
    const lease_token = claimed.jobs[0]?.lease.token ?? '';
    const params = { path: { job_id: job.job_id } };
    const beat = await unwrap(
      client.POST('/api/v1/jobs/{job_id}/heartbeat', {
        params,
        body: { lease_token, items: [{ key: 'a', status: 'completed', result: { seconds: 3 } }] },
      }),
    );
    assert.equal(beat.cancel_requested, false);
    const done = await unwrap(
      client.POST('/api/v1/jobs/{job_id}/complete', {
        params,
        body: { lease_token, result: { video_path: '/media/a.mp4' } },
      }),
    );
    assert.deepEqual([done.status, done.progress], ['completed', 100]);
    const read = await unwrap(client.GET('/api/v1/jobs/{job_id}', { params }));
    assert.equal(read.result?.video_path, '/media/a.mp4');
  });

  test('a refusal has its code and its fields', async () => {
    const missing = client.GET('/api/v1/jobs/{job_id}', { params: { path: { job_id: 'a/b' } } });
    await assert.rejects(unwrap(missing), (error) => {
      assert(error instanceof CallsheetError);
      assert.deepEqual([error.code, error.status], ['job_not_found', 404]);
      return true;
    });
    const wrong = client.POST('/api/v1/jobs', { body: { job_type: 'Idea 2 Video' } });
    await assert.rejects(unwrap(wrong), (error) => {
      assert(error instanceof CallsheetError);
      assert.equal(error.problem?.errors?.[0]?.pointer, '/job_type');
      return true;
    });
  });

  test('all jobs are walked page by page', async () => {
    const job_type = newType();
    const jobs = Array.from({ length: 25 }, () => ({ job_type }));
    await unwrap(client.POST('/api/v1/jobs/bulk', { body: { jobs } }));
    const seen = new Set<string>();
    for await (const job of client.iterateJobs({ job_type, limit: 10 })) seen.add(job.job_id);
    assert.equal(seen.size, 25);
  });

  test('a job is followed to its end', async () => {
    const { job_id } = await unwrap(client.POST('/api/v1/jobs', { body: { job_type: newType() } }));
    const messages = client.followJob(job_id);
    const first = (await messages.next()).value;
    assert(first?.event === 'snapshot');
    assert.equal(first.data.job_id, job_id);
    await client.POST('/api/v1/jobs/{job_id}/cancel', { params: { path: { job_id } }, body: {} });
    const kinds: string[] = [];
    let last: string | undefined;
    for await (const message of messages) {
      if (message.event === 'change') kinds.push(message.data.kind);
      last = message.id;
    }
    assert.equal(kinds.at(-1), 'cancelled');
    assert(last);
    assert((await client.followJob(job_id, { after: last }).next()).done);
    await assert.rejects(client.followJob('missing').next(), { code: 'job_not_found' });
  });

  test('events of all jobs are filtered, and end when the caller wants', async () => {
    const job_type = newType();
    const stop = new AbortController();
    const messages = client.followEvents({ jobType: [job_type], signal: stop.signal });
    assert.equal((await messages.next()).value?.event, 'snapshot');
    const made = await unwrap(client.POST('/api/v1/jobs', { body: { job_type } }));
    const change = (await messages.next()).value;
    assert(change?.event === 'change');
    assert.equal(change.data.job_id, made.job_id);
    const waiting = messages.next();
    stop.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
  });
});

onBoth('a restart', (database) => {
  test('a stream is resumed without gap or repetition, and calls wait', async () => {
    const data = await database();
    const first = await data.serve();
    const client = createClient({ server: first.url });
    const { job_id } = await unwrap(client.POST('/api/v1/jobs', { body: { job_type: newType() } }));
    const params = { path: { job_id } };
    const change = (style: string) =>
      unwrap(client.PATCH('/api/v1/jobs/{job_id}', { params, body: { style } }));
    const messages = client.followJob(job_id);
    await messages.next();
    await change('1');
    const seen = [(await messages.next()).value];
    await first.kill();
    const waiting = change('2');
    await data.serve(first.listen);
    await waiting;
    await client.POST('/api/v1/jobs/{job_id}/cancel', { params, body: {} });
    for await (const message of messages) seen.push(message);
    const kinds = seen.map((message) => (message?.event === 'change' ? message.data.kind : '?'));
    assert.deepEqual(kinds, ['updated', 'updated', 'cancelled']);
  });
});
