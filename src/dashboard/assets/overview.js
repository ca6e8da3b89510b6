// The first page: what runs, what waits, what failed, and how it has been going.
import { clean, h, icon, keyed, put, setText, store, throttle, user } from './dom.js';
import { get, isVideo, jobPath, mediaUrl, query } from './api.js';
import { count, counted, duration, exact, left, now, percent, plural, rough, ticking, when } from './format.js';
import { apply, callFailed, follow, onJobChanged } from './live.js';
import { bar, setBar, shape, showStanding, standing } from './status.js';
import { choice, empty, head, panel, problemBox, skeleton } from './ui.js';
import { actionButton, bulk, clientId, retry } from './actions.js';
import { chart, spark } from './charts.js';
import { go, setTitle } from './router.js';

const TILES = [['processing', 'Running', 'started'], ['queued', 'Waiting', 'created'], ['completed', 'Completed', 'completed'], ['failed', 'Failed', 'failed'], ['cancelled', 'Cancelled', 'cancelled']];
const RANGES = { minute: '1 h', quarter_hour: '24 h', hour: '7 d' };
const CARDS = 8;

export function mount(root, { signal, alive, search }) {
  setTitle('');
  const state = { stats: null, running: new Map(), mine: [] };
  const bucket = () => (RANGES[state.range] ? state.range : 'minute');
  state.range = search.get('range') ?? 'minute';
  const asOf = h('span', ' ');
  const mine = h('section.panel.mine', { 'aria-label': 'Started in this browser', hidden: true });
  const attention = h('section.attention', { 'aria-label': 'Attention' });
  const tiles = h('div.tiles');
  const cards = h('div.cards');
  const runningHead = h('a', { href: '/jobs?status=processing', class: 'small' });
  const running = h('section.panel.running', { 'aria-label': 'Running now' }, h('header', h('h2', 'Running now'), runningHead), cards);
  const waiting = panel('Waiting', { name: 'waiting', load: loadWaiting, render: showWaiting, tools: h('a', { href: '/jobs?status=queued', class: 'small' }, 'All waiting') });
  const crew = h('section.panel.crew', { 'aria-label': 'Workers' }, h('header', h('h2', 'Workers'), h('a', { href: '/workers', class: 'small' }, 'All workers')), h('div.panel-body'));
  const failures = panel('Failures', { name: 'failures', load: loadFailures, render: showFailures, tools: h('a', { href: '/jobs?status=failed', class: 'small' }, 'All failed') });
  const open = (from, to) => go(`/jobs${query({ created_after: new Date(from).toISOString().replace('.000', ''), created_before: new Date(to).toISOString().replace('.000', '') })}`);
  const charts = [
    chart({ title: 'Throughput', unit: 'jobs ended per bin', kind: 'bars', pick: open }),
    chart({ title: 'Run time', unit: 'start to end', kind: 'band', field: 'run', pick: open }),
    chart({ title: 'Wait', unit: 'in the queue', kind: 'band', field: 'wait', pick: open }),
  ];
  const plots = h('section.panel.plots', { 'aria-label': 'Charts' },
    h('header', h('h2', 'How it has been going'), choice('Range', Object.entries(RANGES), bucket(), (key) => go(key === 'minute' ? '/' : `/?range=${key}`, { replace: true }))),
    h('div.plot-grid', charts));
  put(root, head('Overview', asOf), mine, attention, tiles, h('div.split', running, h('div.side', waiting, crew)), plots, failures);
  put(cards, skeleton(3));
  for (const [status, word] of TILES) {
    const number = h('span.number', '–');
    const line = h('span.spark-box');
    tiles.append(Object.assign(h('a', { class: `tile i-${status}`, href: `/jobs?status=${status}` }, h('span.label', shape(status), word), number, line), { number, line }));
  }

  async function refresh() {
    const stats = await get(`/stats${query({ bucket: bucket() })}`, { signal });
    const hour = bucket() === 'minute' ? stats : state.hour ?? (state.hour = await get('/stats?bucket=minute', { signal }));
    if (!alive()) return;
    state.stats = stats;
    showTiles(stats, hour);
    showAttention(stats);
    showCrew(stats);
    announce(stats);
    if (!state.drawn || performance.now() - state.drawn > 5000) { state.drawn = performance.now(); for (const c of charts) c.show(stats.buckets); }
    if (stats.jobs.queued !== state.queued) { state.queued = stats.jobs.queued; soonWaiting(); }
    if (stats.jobs.failed !== state.failed) { state.failed = stats.jobs.failed; soonFailures(); }
  }

  function showTiles({ jobs, as_of }, { buckets }) {
    put(asOf, 'As of ', when(as_of));
    TILES.forEach(([status, word, field], i) => {
      const tile = tiles.children[i];
      setText(tile.number, count(jobs[status]));
      tile.title = exact(jobs[status]);
      const points = buckets.slice(-60).map((b) => b[field] ?? 0);
      const key = points.join();
      if (tile.dataset.key !== key) { tile.dataset.key = key; put(tile.line, spark(points, `${word}: ${points.reduce((a, b) => a + b, 0)} ${field} in the last hour`)); }
    });
  }

  function showAttention(stats) {
    const notes = [];
    const note = (tone, href, strong, text) => notes.push({ key: strong + text + href, make: () => h(href ? 'a' : 'div', { class: `note i-${tone}`, href }, shape(tone), h('span', h('b', strong), ` ${text}`), href && icon('next', 16)) });
    const today = new Date(now());
    today.setHours(0, 0, 0, 0);
    if (stats.failures_today) note('failed', '/jobs?status=failed', plural(stats.failures_today, 'failure'), 'today');
    if (stats.stuck) note('attention', '/jobs?status=processing', plural(stats.stuck, 'job'), stats.stuck === 1 ? 'is stuck: its worker is silent' : 'are stuck: their workers are silent');
    if (stats.oldest_queued_seconds > 600) note('attention', stats.oldest_queued_job_id ? `/jobs/${encodeURIComponent(stats.oldest_queued_job_id)}` : '/jobs?status=queued&order=created_at', rough(stats.oldest_queued_seconds), 'is the longest wait');
    if (stats.jobs.queued > (stats.scheduled ?? 0) && stats.workers?.alive === 0) note('attention', '/workers', 'No worker', `takes the ${plural(stats.jobs.queued - (stats.scheduled ?? 0), 'job')} that ${stats.jobs.queued === 1 ? 'waits' : 'wait'}`);
    const key = notes.map((n) => n.key).join('|');
    if (attention.dataset.key !== key) { attention.dataset.key = key; put(attention, notes.map((n) => n.make())); }
  }

  function showCrew({ workers = {}, by_type = [] }) {
    const body = crew.querySelector('.panel-body');
    const { alive: there = 0, busy = 0, stale = 0 } = workers;
    const key = JSON.stringify([workers, by_type]);
    if (body.dataset.key === key) return;
    body.dataset.key = key;
    if (!there && !stale) { put(body, empty('No worker', 'Jobs run when a worker asks for them.', h('a.button', { href: '/docs' }, 'How workers ask'))); return; }
    put(body, h('p.crew-line', h('b', exact(busy)), ' busy ', h('b', exact(there - busy)), ' free', stale > 0 && h('span.i-attention.ink', ' ', shape('attention', 14), ` ${exact(stale)} gone`)),
      h('div.meter', { role: 'img', 'aria-label': `${busy} of ${there} workers busy` }, h('span', { style: { width: `${there ? (100 * busy) / there : 0}%` } })),
      h('ul.types', by_type.filter((t) => t.queued || t.processing || t.paused).slice(0, 6).map((t) => h('li', h('a', { href: `/jobs${query({ job_type: t.job_type })}` }, t.job_type), t.paused && h('span.tag.i-attention', 'paused'), h('span.small', `${exact(t.processing)} run · ${exact(t.queued)} wait`)))));
  }

  let announced = 0;
  function announce({ jobs }) {
    if (performance.now() - announced < 10000) return;
    announced = performance.now();
    setText(document.getElementById('summary'), `${jobs.processing} running, ${jobs.queued} waiting, ${jobs.failed} failed`);
  }

  // Running.

  async function loadRunning() {
    const page = await get('/jobs?status=processing&view=summary&limit=24', { signal });
    if (!alive()) return;
    for (const job of page.jobs) {
      const known = state.running.get(job.job_id);
      if (known && known.version > job.version) continue;
      state.running.set(job.job_id, { ...known, ...job });
    }
    const listed = new Set(page.jobs.map((job) => job.job_id));
    for (const id of state.running.keys()) if (!listed.has(id)) state.running.delete(id);
    setText(runningHead, page.pagination.total > CARDS ? `All ${count(page.pagination.total)} running` : 'All running');
    paintRunning();
  }

  function paintRunning() {
    const jobs = [...state.running.values()].filter((job) => job.status === 'processing').slice(0, CARDS);
    if (!jobs.length) {
      cards.kept = null;
      put(cards, empty('Nothing runs', state.stats?.jobs.queued ? 'Jobs wait for a worker to take them.' : 'Start a video, and watch it grow shot by shot.', h('a.button.primary', { href: '/new' }, icon('plus', 18), 'New job')));
      return;
    }
    if (!cards.kept) put(cards);
    keyed(cards, jobs, (job) => job.job_id, card, updateCard);
  }

  function card(job) {
    const frame = h('div.frame', icon('film', 28));
    const title = h('a.title', { href: `/jobs/${encodeURIComponent(job.job_id)}` }, user(job.project_title, job.job_id));
    const stage = h('span.stage');
    const progress = bar(`Progress of ${clean(job.project_title || job.job_id)}`);
    const facts = h('span.facts.small');
    const badge = h('b');
    const el = h('article.card', frame, h('div.card-body', h('div.row.between', title, badge), stage, progress, facts));
    Object.assign(el, { frame, stage, progress, facts, badge });
    seeFrame(el, job);
    return el;
  }

  function updateCard(el, job) {
    // In a list of what runs, only what does not run as it should says so.
    if (standing(job)[1] === 'processing') { delete el.badge.dataset.standing; setText(el.badge, percent(job.progress)); } else showStanding(el.badge, job);
    if (el.stage.dataset.text !== job.current_stage) { el.stage.dataset.text = job.current_stage ?? ''; put(el.stage, user(job.current_stage, 'No stage reported yet')); }
    setBar(el.progress, job.progress, standing(job)[0], `${Math.floor(job.progress)} percent, ${job.current_stage ?? ''}`);
    const rest = job.attempt === 1 && standing(job)[1] === 'processing' ? left(job, job.started_at) : null;
    setText(el.facts, [job.total_shots ? `${job.completed_shots}/${job.total_shots} shots` : null, rest ? `about ${rough(rest)} left` : null].filter(Boolean).join(' · '));
    if (el.shots !== job.completed_shots) { el.shots = job.completed_shots; seeFrame(el, job); }
  }

  /** The newest frame of a job; asked for when its shots step on. */
  async function seeFrame(el, job) {
    if (!job.total_shots || el.asking) return;
    el.asking = true;
    try {
      const { shots } = await get(jobPath(job.job_id, '/shots'), { signal });
      const frames = shots.flatMap((shot) => [shot.first_frame_path, shot.last_frame_path]).map(mediaUrl).filter((url) => url && !isVideo(url));
      const url = frames.at(-1);
      if (url && el.url !== url) {
        el.url = url;
        put(el.frame, h('img', { src: url, alt: '', width: 160, height: 90, loading: 'lazy', decoding: 'async', onerror: () => put(el.frame, icon('film', 28)) }));
      }
    } catch { /* the card is as good without */ }
    setTimeout(() => { el.asking = false; }, 3000);
  }

  // Waiting.

  async function loadWaiting() {
    const page = await get('/jobs?status=queued&view=summary&order=created_at&limit=40', { signal });
    const due = page.jobs.filter((job) => !job.run_at || Date.parse(job.run_at) <= now());
    // The order in which workers take them: priority, then age.
    due.sort((a, b) => b.priority - a.priority || Date.parse(a.run_at ?? a.created_at) - Date.parse(b.run_at ?? b.created_at));
    return { next: due.slice(0, 5), total: page.pagination.total };
  }

  function showWaiting(body, { next, total }) {
    const stats = state.stats;
    if (!total) { put(body, empty('Nothing waits', 'Every job has been taken.')); return; }
    const oldest = stats?.oldest_queued_at;
    put(body, h('p.crew-line', counted(total, { class: 'big' }), ' waiting', oldest && [' · longest ', h('b', ticking(h('span'), () => duration(Math.round((now() - Date.parse(oldest)) / 1000))))], stats?.scheduled > 0 && ` · ${exact(stats.scheduled)} scheduled`),
      h('ol.next', next.map((job) => h('li', h('a', { href: `/jobs/${encodeURIComponent(job.job_id)}` }, user(job.project_title, job.job_id)), h('span.small', job.priority ? `priority ${job.priority} · ` : '', when(job.created_at))))));
  }

  // Failures, gathered by the first line of what went wrong.

  async function loadFailures() { return (await get('/jobs?status=failed&view=summary&limit=200', { signal })).jobs; }

  function showFailures(body, jobs) {
    if (!jobs.length) { put(body, empty('No failures', 'Nothing has failed, or everything was retried.')); return; }
    const groups = new Map();
    for (const job of jobs) {
      const line = (job.error ?? '').split('\n')[0].trim() || 'No reason was given';
      // What differs from job to job, numbers and ids, does not make another cause.
      const key = line.replace(/[0-9a-f]{8,}|\d+/gi, '#');
      if (!groups.has(key)) groups.set(key, { line, jobs: [] });
      groups.get(key).jobs.push(job);
    }
    const rows = [...groups.values()].sort((a, b) => b.jobs.length - a.jobs.length).slice(0, 8);
    put(body, h('ul.causes', rows.map(({ line, jobs: all }) => h('li', null,
      h('span.times', { title: plural(all.length, 'job') }, `${count(all.length)}×`),
      h('div.cause', user(line), h('span.small', 'latest ', h('a', { href: `/jobs/${encodeURIComponent(all[0].job_id)}` }, user(all[0].project_title, all[0].job_id)), ', ', when(all[0].completed_at ?? all[0].updated_at))),
      actionButton(all.length === 1 ? 'Retry' : `Retry ${all.length}`, 'retry', (event) => retryGroup(event, all))))),
      jobs.length === 200 && h('p.small', 'Of the last 200 failures.'));
  }

  async function retryGroup(event, jobs) {
    if (jobs.length === 1) { if (await retry(jobs[0])) failures.refresh(); return; }
    await bulk('retry', { job_ids: jobs.map((job) => job.job_id) }, `${jobs.length} jobs that failed alike`, false);
    soonFailures();
  }

  // What was started here: the server keeps it, so that a reload shows it at once.

  async function loadMine() {
    const { active_jobs: active } = await get(`/active-jobs${query({ client_id: clientId() })}`, { signal });
    if (!alive()) return;
    const latest = Number(store.get('latest.at') ?? 0);
    state.mine = active.map((entry) => entry.job);
    paintMine(latest);
  }

  function paintMine() {
    mine.hidden = state.mine.length === 0;
    if (mine.hidden) return;
    if (!mine.list) { mine.list = h('div.mine-list'); put(mine, h('header', h('h2', 'Started in this browser'), h('span.small', 'It goes on without this page')), mine.list); }
    keyed(mine.list, state.mine, (job) => job.job_id, (job) => {
      const badge = h('span'), progress = bar(`Progress of ${clean(job.project_title || job.job_id)}`), facts = h('span.small.facts');
      return Object.assign(h('a.mine-row', { href: `/jobs/${encodeURIComponent(job.job_id)}` }, h('span.title', user(job.project_title, job.job_id)), badge, progress, facts), { badge, progress, facts });
    }, (el, job) => {
      showStanding(el.badge, job);
      setBar(el.progress, job.progress, standing(job)[0]);
      setText(el.facts, [`${Math.floor(job.progress ?? 0)} %`, job.current_stage].filter(Boolean).join(' · '));
    });
  }

  const soonStats = throttle(() => refresh().catch(() => {}), 1000);
  const soonRunning = throttle(() => loadRunning().catch(() => {}), 1000);
  const soonWaiting = throttle(() => waiting.refresh().catch(() => {}), 2000);
  const soonFailures = throttle(() => failures.refresh().catch(() => {}), 5000);
  const soonMine = throttle(() => loadMine().catch(() => {}), 1000);
  const everything = () => Promise.all([refresh(), loadRunning(), loadMine()]);

  function changes(events) {
    let painted = false;
    for (const event of events) {
      const job = state.running.get(event.job_id);
      if (event.status === 'processing' ? !job : job) soonRunning();
      if (job && apply(job, event)) painted = true;
      const own = state.mine.find((m) => m.job_id === event.job_id);
      if (own) { apply(own, event); if (!['queued', 'processing'].includes(event.status) || event.kind === 'deleted') soonMine(); }
    }
    if (painted) paintRunning();
    paintMine();
    soonStats();
  }

  const stream = follow('/events/stream', { changes, snapshot: () => (root.hasAttribute('data-unloaded') ? begin() : soonStats()), reset: () => everything().catch(() => {}), poll: () => everything().then(healed) });
  const unheard = onJobChanged((job) => { if (job.kind === 'deleted') { state.running.delete(job.job_id); paintRunning(); } soonStats(); soonRunning(); });
  // Buckets step on and ages grow also when nothing happens.
  const slow = setInterval(() => { if (!document.hidden) { state.hour = null; soonStats(); } }, 15000);
  const trouble = h('div.trouble');
  attention.before(trouble);
  const healed = () => { put(trouble); root.removeAttribute('data-unloaded'); };
  const begin = () => everything().then(healed, (error) => { if (error.name !== 'AbortError') { callFailed(error); put(trouble, problemBox(error, begin)); root.setAttribute('data-unloaded', ''); } });
  begin();

  return {
    update(next) { state.range = next.get('range') ?? 'minute'; state.drawn = 0; state.hour = null; soonStats.cancel(); refresh().catch(() => {}); },
    close() { root.removeAttribute('data-unloaded'); stream.close(); unheard(); clearInterval(slow); for (const f of [soonStats, soonRunning, soonWaiting, soonFailures, soonMine]) f.cancel(); },
  };
}

