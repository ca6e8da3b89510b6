// The first page: what runs, what waits, what failed, and how it has been going. Three calls fill it, and a stream keeps it so.
import {
  clean,
  h,
  icon,
  jobName,
  jobTitle,
  jobUrl,
  keyed,
  put,
  setText,
  steady,
  throttle,
  user,
} from './dom.js';
import { get, isVideo, mediaUrl, query } from './api.js';
import {
  count,
  counted,
  duration,
  exact,
  left,
  now,
  percent,
  plural,
  rough,
  ticking,
  when,
} from './format.js';
import { apply, callFailed, follow, onJobChanged } from './live.js';
import { bar, setBar, shape, showStanding, standing } from './status.js';
import { choice, empty, head, problemBox, skeleton } from './ui.js';
import { actionButton, bulk, clientId, retry } from './actions.js';
import { chart, spark } from './charts.js';
import { go, setTitle } from './router.js';

const TILES = [
  ['processing', 'Running', 'started'],
  ['queued', 'Waiting', 'created'],
  ['completed', 'Completed', 'completed'],
  ['failed', 'Failed', 'failed'],
  ['cancelled', 'Cancelled', 'cancelled'],
];
const RANGES = {
  minute: ['1 h', 'the last hour'],
  quarter_hour: ['24 h', 'the last day'],
  hour: ['7 d', 'the last week'],
};
const CARDS = 8;
const FAILURES = 200;

export function mount(root, { signal, alive, search }) {
  setTitle('');
  const state = {
    range: search.get('range'),
    stats: null,
    causes: undefined,
    running: new Map(),
    mine: [],
    drawn: -Infinity,
    asked: -Infinity,
  };
  const bucket = () => (RANGES[state.range] ? state.range : 'minute');
  const part = (title, more, href, body = h('div.panel-body', skeleton(2))) => {
    const link = h('a.small', { href }, more);
    return Object.assign(
      h('section.panel', { 'aria-label': title }, h('header', h('h2', title), link), body),
      { body, link },
    );
  };
  const asOf = h('span', ' '),
    trouble = h('div.trouble');
  const mine = h('section.panel.mine', { 'aria-label': 'Started in this browser', hidden: true });
  const attention = h('section.attention', { 'aria-label': 'Attention' });
  const tiles = h(
    'div.tiles',
    TILES.map(([status, word]) => {
      const number = h('span.number', '–'),
        line = h('span.spark-box');
      return Object.assign(
        h(
          'a',
          { class: `tile i-${status}`, href: `/jobs?status=${status}` },
          h('span.label', shape(status), word),
          number,
          line,
        ),
        { number, line },
      );
    }),
  );
  const cards = h('div.cards', skeleton(3));
  const running = part('Running now', 'All running', '/jobs?status=processing', cards);
  const waiting = part('Waiting', 'All waiting', '/jobs?status=queued'),
    crew = part('Workers', 'All workers', '/workers');
  const failures = part('Failures', 'All failed', '/jobs?status=failed');
  const second = (time) => new Date(time).toISOString().replace('.000', '');
  const pick = (from, to) =>
    go(`/jobs${query({ created_after: second(from), created_before: second(to) })}`);
  const charts = [
    chart({ title: 'Throughput', unit: 'jobs ended per bin', kind: 'bars', pick }),
    chart({ title: 'Run time', unit: 'start to end', kind: 'band', field: 'run', pick }),
    chart({ title: 'Wait', unit: 'in the queue', kind: 'band', field: 'wait', pick }),
  ];
  const ranges = choice(
    'Range',
    Object.entries(RANGES).map(([key, [text]]) => [key, text]),
    bucket(),
    (key) => go(key === 'minute' ? '/' : `/?range=${key}`, { replace: true }),
  );
  put(
    root,
    head('Overview', asOf),
    trouble,
    mine,
    attention,
    tiles,
    h('div.split', running, h('div.side', waiting, crew)),
    h(
      'section.panel.plots',
      { 'aria-label': 'Charts' },
      h('header', h('h2', 'How it has been going'), ranges),
      h('div.plot-grid', charts),
    ),
    failures,
  );

  /** All numbers come in one answer. Why jobs failed is part of it only when another job has failed since. */
  async function refresh() {
    const time = performance.now();
    const causes = state.causes !== state.stats?.jobs.failed && time - state.asked > 5000;
    if (causes || !state.stats) state.asked = time;
    const stats = await get(
      `/stats${query({ bucket: bucket(), next: 5, failures: causes || !state.stats ? FAILURES : null })}`,
      { signal },
    );
    if (!alive()) return;
    state.stats = stats;
    agree();
    showTiles(stats);
    showAttention(stats);
    showWaiting(stats);
    showCrew(stats);
    if (stats.causes) {
      state.causes = stats.jobs.failed;
      showFailures(stats.causes);
    } else if (state.causes !== stats.jobs.failed) soonStats();
    announce(stats);
    if (time - state.drawn > 5000) {
      state.drawn = time;
      for (const one of charts) one.show(stats.buckets);
    }
  }

  function showTiles({ jobs, as_of, buckets }) {
    put(asOf, 'As of ', when(as_of));
    TILES.forEach(([status, , field], i) => {
      const tile = tiles.children[i],
        points = buckets.map((b) => b[field]);
      setText(tile.number, count(jobs[status]));
      tile.title = exact(jobs[status]);
      steady(tile.line, [bucket(), points], () =>
        put(
          tile.line,
          spark(points, `${points.reduce((a, b) => a + b, 0)} ${field} in ${RANGES[bucket()][1]}`),
        ),
      );
    });
  }

  function showAttention(stats) {
    const notes = [],
      { jobs, scheduled, stuck } = stats,
      due = jobs.queued - scheduled;
    const note = (tone, href, strong, text) => notes.push([tone, href, strong, text]);
    if (stats.failures_today)
      note(
        'failed',
        '/jobs?status=failed',
        plural(stats.failures_today, 'failure'),
        'since midnight UTC',
      );
    if (stuck)
      note(
        'attention',
        '/jobs?status=processing',
        plural(stuck, 'job'),
        stuck === 1 ? 'is stuck: its worker is silent' : 'are stuck: their workers are silent',
      );
    if (stats.oldest_queued_seconds > 600)
      note(
        'attention',
        jobUrl(stats.oldest_queued_job_id),
        rough(stats.oldest_queued_seconds),
        'is the longest wait',
      );
    if (due > 0 && stats.workers.alive === 0)
      note(
        'attention',
        '/workers',
        'No worker',
        `takes the ${plural(due, 'job')} that ${due === 1 ? 'waits' : 'wait'}`,
      );
    steady(attention, notes, () =>
      put(
        attention,
        notes.map(([tone, href, strong, text]) =>
          h(
            'a',
            { class: `note i-${tone}`, href },
            shape(tone),
            h('span', h('b', strong), ` ${text}`),
            icon('next', 16),
          ),
        ),
      ),
    );
  }

  function showWaiting({ jobs, scheduled, oldest_queued_at: oldest, next }) {
    steady(waiting.body, [jobs.queued, scheduled, oldest, next], () =>
      put(
        waiting.body,
        jobs.queued === 0
          ? empty('Nothing waits', 'Every job has been taken.')
          : [
              h(
                'p.crew-line',
                counted(jobs.queued, { class: 'big' }),
                ' waiting',
                oldest && [
                  ' · longest ',
                  h(
                    'b',
                    ticking(h('span'), () =>
                      duration(Math.round((now() - Date.parse(oldest)) / 1000)),
                    ),
                  ),
                ],
                scheduled > 0 && ` · ${exact(scheduled)} scheduled`,
              ),
              h(
                'ol.next',
                next.map((job) =>
                  h(
                    'li',
                    h('a', { href: jobUrl(job.job_id) }, jobTitle(job)),
                    h(
                      'span.small',
                      job.priority ? `priority ${job.priority} · ` : '',
                      when(job.created_at),
                    ),
                  ),
                ),
              ),
            ],
      ),
    );
  }

  function showCrew({ workers, by_type: types }) {
    const { alive: there, busy, stale } = workers,
      at = types.filter((t) => t.queued || t.processing || t.paused).slice(0, 6);
    steady(crew.body, [workers, at], () =>
      put(
        crew.body,
        !there && !stale
          ? empty(
              'No worker',
              'Jobs run when a worker asks for them.',
              h('a.button', { href: '/docs' }, 'How workers ask'),
            )
          : [
              h(
                'p.crew-line',
                h('b', exact(busy)),
                ' busy ',
                h('b', exact(there - busy)),
                ' free',
                stale > 0 &&
                  h('span.i-attention.ink', ' ', shape('attention', 14), ` ${exact(stale)} gone`),
              ),
              h(
                'div.meter',
                { role: 'img', 'aria-label': `${busy} of ${there} workers busy` },
                h('span', { style: { width: `${there ? (100 * busy) / there : 0}%` } }),
              ),
              h(
                'ul.types',
                at.map((t) =>
                  h(
                    'li',
                    h('a', { href: `/jobs${query({ job_type: t.job_type })}` }, t.job_type),
                    t.paused && h('span.tag.i-attention', 'paused'),
                    h('span.small', `${exact(t.processing)} run · ${exact(t.queued)} wait`),
                  ),
                ),
              ),
            ],
      ),
    );
  }

  let announced = -Infinity;
  function announce({ jobs }) {
    if (performance.now() - announced < 10000) return;
    announced = performance.now();
    setText(
      document.getElementById('summary'),
      `${jobs.processing} running, ${jobs.queued} waiting, ${jobs.failed} failed`,
    );
  }

  // Failures, gathered by the first line of what went wrong.

  function showFailures(causes) {
    const all = causes.reduce((sum, { jobs }) => sum + jobs.length, 0);
    steady(failures.body, causes, () =>
      put(
        failures.body,
        !all
          ? empty('No failures', 'Nothing has failed, or everything was retried.')
          : [
              h(
                'ul.causes',
                causes.slice(0, 8).map(({ error, jobs }) =>
                  h(
                    'li',
                    h(
                      'span.times',
                      { title: plural(jobs.length, 'job') },
                      `${count(jobs.length)}×`,
                    ),
                    h(
                      'div.cause',
                      user(error, 'No reason was given'),
                      h(
                        'span.small',
                        'latest ',
                        h('a', { href: jobUrl(jobs[0].job_id) }, jobTitle(jobs[0])),
                        ', ',
                        when(jobs[0].failed_at),
                      ),
                    ),
                    actionButton(
                      jobs.length === 1 ? 'Retry' : `Retry ${jobs.length}`,
                      'retry',
                      () => retryGroup(jobs),
                    ),
                  ),
                ),
              ),
              all === FAILURES && h('p.small', `Of the last ${FAILURES} failures.`),
            ],
      ),
    );
  }

  async function retryGroup(jobs) {
    if (jobs.length === 1) await retry({ ...jobs[0], status: 'failed' });
    else
      await bulk(
        'retry',
        { job_ids: jobs.map((job) => job.job_id) },
        `${jobs.length} jobs that failed alike`,
        false,
      );
    soonStats();
  }

  // Running.

  async function loadRunning() {
    const { jobs, pagination } = await get(
      `/jobs?status=processing&view=preview&limit=${CARDS + 4}`,
      { signal },
    );
    if (!alive()) return;
    const listed = new Map(jobs.map((job) => [job.job_id, job]));
    for (const [id, job] of listed) {
      const known = state.running.get(id);
      if (known?.version > job.version)
        listed.set(id, { ...known, newest_frame_path: job.newest_frame_path });
    }
    state.running = listed;
    setText(
      running.link,
      pagination.total > CARDS ? `All ${count(pagination.total)} running` : 'All running',
    );
    paintRunning();
  }

  function paintRunning() {
    const jobs = [...state.running.values()]
      .filter((job) => job.status === 'processing')
      .slice(0, CARDS);
    if (jobs.length) {
      if (!cards.kept) put(cards);
      keyed(cards, jobs, (job) => job.job_id, card, updateCard);
      return;
    }
    cards.kept = null;
    put(
      cards,
      empty(
        'Nothing runs',
        state.stats?.jobs.queued
          ? 'Jobs wait for a worker to take them.'
          : 'Start a video, and watch it grow shot by shot.',
        h('a.button.primary', { href: '/new' }, icon('plus', 18), 'New job'),
      ),
    );
  }

  function card(job) {
    const frame = h('div.frame'),
      stage = h('span.stage'),
      progress = bar(`Progress of ${jobName(job)}`),
      facts = h('span.facts.small'),
      badge = h('b');
    const title = h('a.title', { href: jobUrl(job.job_id) }, jobTitle(job));
    return Object.assign(
      h(
        'article.card',
        frame,
        h('div.card-body', h('div.row.between', title, badge), stage, progress, facts),
      ),
      { frame, stage, progress, facts, badge },
    );
  }

  function updateCard(el, job) {
    const [tone, form] = standing(job),
      well = form === 'processing';
    // In a list of what runs, only what does not run as it should says so.
    if (well) {
      delete el.badge.dataset.standing;
      setText(el.badge, percent(job.progress));
    } else showStanding(el.badge, job);
    steady(el.stage, job.current_stage, () =>
      put(el.stage, user(job.current_stage, 'No stage reported yet')),
    );
    setBar(
      el.progress,
      job.progress,
      tone,
      `${Math.floor(job.progress)} percent, ${clean(job.current_stage)}`,
    );
    const rest = job.attempt === 1 && well ? left(job, job.started_at) : null;
    setText(
      el.facts,
      [
        job.total_shots && `${job.completed_shots}/${job.total_shots} shots`,
        rest >= 1 && `about ${rough(rest)} left`,
      ]
        .filter(Boolean)
        .join(' · '),
    );
    const url = mediaUrl(job.newest_frame_path),
      blank = () => put(el.frame, icon('film', 28));
    steady(el.frame, [url], () =>
      url && !isVideo(url)
        ? put(
            el.frame,
            h('img', {
              src: url,
              alt: '',
              width: 160,
              height: 90,
              loading: 'lazy',
              decoding: 'async',
              onerror: blank,
            }),
          )
        : blank(),
    );
  }

  // What was started here: the server keeps it, so that a reload shows it at once.

  async function loadMine() {
    const { active_jobs: active } = await get(`/active-jobs${query({ client_id: clientId() })}`, {
      signal,
    });
    if (!alive()) return;
    state.mine = active.map((entry) => entry.job);
    paintMine();
  }

  function paintMine() {
    mine.hidden = state.mine.length === 0;
    if (mine.hidden) return;
    if (!mine.list) {
      mine.list = h('div.mine-list');
      put(
        mine,
        h(
          'header',
          h('h2', 'Started in this browser'),
          h('span.small', 'It goes on without this page'),
        ),
        mine.list,
      );
    }
    keyed(
      mine.list,
      state.mine,
      (job) => job.job_id,
      (job) => {
        const badge = h('span'),
          progress = bar(`Progress of ${jobName(job)}`),
          facts = h('span.small.facts');
        return Object.assign(
          h(
            'a.mine-row',
            { href: jobUrl(job.job_id) },
            h('span.title', jobTitle(job)),
            badge,
            progress,
            facts,
          ),
          { badge, progress, facts },
        );
      },
      (el, job) => {
        showStanding(el.badge, job);
        setBar(el.progress, job.progress, standing(job)[0]);
        setText(
          el.facts,
          [percent(job.progress), clean(job.current_stage)].filter(Boolean).join(' · '),
        );
      },
    );
  }

  // Live.

  const quietly = (f, ms) => throttle(() => f().catch(() => {}), ms);
  const soonStats = quietly(refresh, 1000),
    soonRunning = quietly(loadRunning, 1000),
    soonFrames = quietly(loadRunning, 3000),
    soonMine = quietly(loadMine, 1000);
  const everything = () => Promise.all([refresh(), loadRunning(), loadMine()]);
  const healed = () => {
    put(trouble);
    root.removeAttribute('data-unloaded');
  };
  const begin = () =>
    everything().then(healed, (error) => {
      if (error.name === 'AbortError') return;
      callFailed(error);
      put(trouble, problemBox(error, begin));
      root.setAttribute('data-unloaded', '');
    });

  function changes(events) {
    let painted = false;
    for (const event of events) {
      const job = state.running.get(event.job_id),
        shots = job?.completed_shots,
        runs = event.status === 'processing' && event.kind !== 'deleted';
      if (runs !== Boolean(job)) soonRunning();
      if (job && apply(job, event)) {
        painted = true;
        if (job.completed_shots !== shots) soonFrames();
      }
      const own = state.mine.find((one) => one.job_id === event.job_id);
      if (own) {
        apply(own, event);
        if (!['queued', 'processing'].includes(event.status) || event.kind === 'deleted')
          soonMine();
      }
    }
    if (painted) paintRunning();
    paintMine();
    soonStats();
  }

  /** What changed between the first answer and the beginning of the stream is told by neither: then both differ. */
  function agree() {
    if (!state.stats || !state.begun) return;
    if (TILES.some(([status]) => state.stats.jobs[status] !== state.begun[status])) {
      soonStats();
      soonRunning();
    }
    state.begun = null;
  }

  const snapshot = ({ counts }) => {
    state.begun = counts;
    if (root.hasAttribute('data-unloaded')) begin();
    else agree();
  };
  const stream = follow('/events/stream', {
    changes,
    snapshot,
    reset: () => everything().catch(() => {}),
    poll: () => everything().then(healed),
  });
  const unheard = onJobChanged((job) => {
    if (job.kind === 'deleted') {
      state.running.delete(job.job_id);
      paintRunning();
    }
    soonStats();
    soonRunning();
  });
  // Buckets step on and ages grow also when nothing happens.
  const slow = setInterval(() => {
    if (!document.hidden) soonStats();
  }, 15000);
  begin();

  return {
    update(next) {
      Object.assign(state, { range: next.get('range'), drawn: -Infinity });
      soonStats.cancel();
      refresh().catch(() => {});
    },
    close() {
      root.removeAttribute('data-unloaded');
      stream.close();
      unheard();
      clearInterval(slow);
      for (const f of [soonStats, soonRunning, soonFrames, soonMine]) f.cancel();
    },
  };
}
