// One job: its cause of failure on top, its pictures before its JSON, and its whole history.
import { h, icon, jobName, jobTitle, jobUrl, put, setText, throttle, user } from './dom.js';
import { get, isVideo, jobPath, mediaUrl, query, send } from './api.js';
import {
  duration,
  exact,
  left,
  moment,
  now,
  percent,
  plural,
  rough,
  ticking,
  when,
} from './format.js';
import { apply, follow, onJobChanged } from './live.js';
import { bar, setBar, shape, showStanding, standing, isStuck } from './status.js';
import { copyButton, menuButton, problemBox, skeleton } from './ui.js';
import {
  actionButton,
  canCancel,
  canRetry,
  cancel,
  copyCurl,
  copyReadCurl,
  recover,
  remove,
  retry,
  retryFailedItems,
  setPriority,
} from './actions.js';
import { part, viewer } from './json.js';
import { attemptBars, eventList } from './timeline.js';
import { newestFrame, play, shotDialog, shotGrid, unload } from './shots.js';
import { go, setTitle } from './router.js';

const EVENTS = 1000;

const list = () => {
  try {
    return sessionStorage.getItem('callsheet.list') ?? '/jobs';
  } catch {
    return '/jobs';
  }
};

export function mount(root, { params: { id }, search, signal, alive }) {
  let job = null,
    text = '',
    events = [],
    shots = [],
    stats = null,
    dialogOpen = false,
    playing = null,
    etag = null,
    newest = 0;
  setTitle(id);
  const badge = h('span'),
    title = h('h1', { tabindex: -1 }, user(id)),
    buttons = h('div.row.tools.job-actions'),
    gone = h('div');
  const where = h('p.sub.id-line');
  const cause = h('div'),
    stage = h('section.panel.stage-panel', { 'aria-label': 'Progress' }),
    grid = shotGrid({ open: openShot });
  const line = h('div.panel-body');
  const history = h(
    'section.panel',
    { 'aria-label': 'History' },
    h('header', h('h2', 'History')),
    line,
  );
  const inputs = h('section.panel', { 'aria-label': 'Inputs' }),
    facts = h('section.panel', { 'aria-label': 'Facts' }),
    data = h('section.panel', { 'aria-label': 'Data' });
  const top = h(
    'div.head.job-head',
    h(
      'div',
      h('a.back', { href: list() }, icon('back', 16), 'Jobs'),
      h('div.title-line', title, badge),
      where,
    ),
    buttons,
  );
  const main = h('div.job-main', cause, stage, grid, history),
    side = h('div.job-side', inputs, facts, data);
  const columns = h('div.job-columns', main, side);
  put(root, top, gone, columns);
  put(stage, skeleton(3));
  grid.hidden = history.hidden = inputs.hidden = facts.hidden = data.hidden = true;

  async function load() {
    try {
      const answer = await send('GET', jobPath(id), { signal });
      if (!alive()) return;
      if (job && answer.data.version < job.version) return;
      ({ text, etag } = answer);
      job = answer.data;
      shots = job.shots ?? [];
      put(gone);
      columns.hidden = buttons.hidden = false;
      paint();
      if (newest > job.version) soonAll();
      if (!events.length || events.at(-1).seq < job.version) await loadEvents();
    } catch (error) {
      if (error.name === 'AbortError' || !alive()) return;
      if (!job || error.status === 404) {
        put(gone, problemBox(error, load), h('p', h('a', { href: list() }, 'Back to the list')));
        columns.hidden = !job;
        buttons.hidden = true;
      } else throw error;
    }
  }

  async function loadEvents() {
    let after = events.at(-1)?.seq,
      pages = 0;
    do {
      const page = await get(jobPath(id, `/events${query({ limit: 200, after })}`), { signal });
      take(page.events);
      after = page.next_after;
    } while (after !== null && (pages += 1) < EVENTS / 200);
    if (alive()) paintHistory();
  }

  const take = (more) => {
    for (const event of more) if (event.seq > (events.at(-1)?.seq ?? 0)) events.push(event);
  };

  // Painting. Each part knows what it shows, so that nothing is touched that stays as it is.

  const keys = new Map();
  const differs = (name, ...what) => {
    const key = JSON.stringify(what);
    if (keys.get(name) === key) return false;
    keys.set(name, key);
    return true;
  };

  function paint() {
    const name = job.project_title || job.job_id;
    setTitle(job.status === 'processing' ? `${percent(job.progress)} ${name}` : name);
    if (differs('title', job.project_title)) put(title, jobTitle(job));
    showStanding(badge, job, 'large');
    if (differs('where', job.job_type, job.mode, job.priority)) {
      put(
        where,
        h('code', job.job_id),
        copyButton(job.job_id, 'Copy the id'),
        h('a', { href: `/jobs${query({ job_type: job.job_type })}` }, job.job_type),
        job.priority !== 0 && h('span.tag', `priority ${job.priority}`),
      );
    }
    if (differs('buttons', job.status, isStuck(job), job.cancel_requested_at, failedShots()))
      paintButtons();
    paintCause();
    paintStage();
    grid.hidden = !shots.length;
    if (shots.length) grid.show(shots);
    paintInputs();
    paintFacts();
    paintData();
    if (events.length) paintHistory();
    if (search?.get('shot') && shots.length && !dialogOpen) {
      const at = Number(search.get('shot'));
      search = null;
      if (shots[at]) openShot(at, true);
    }
  }

  const failedShots = () => shots.filter((shot) => shot.status === 'failed').length;

  function paintButtons() {
    const menu = () => [
      job.status === 'failed' && {
        label: 'Recover from its checkpoint',
        icon: 'play',
        run: () => recover(job),
      },
      job.status === 'queued' && {
        label: 'Set priority…',
        icon: 'up',
        run: () => setPriority(job),
      },
      { label: 'Copy as curl: read it', icon: 'copy', run: () => copyReadCurl(job), act: false },
      { label: 'Copy as curl: make it again', icon: 'copy', run: () => copyCurl(job), act: false },
      { label: 'Delete…', icon: 'trash', danger: true, run: () => remove(job) },
    ];
    put(
      buttons,
      canRetry(job) &&
        actionButton(isStuck(job) ? 'Recover' : 'Retry', 'retry', () => retry(job), 'primary'),
      failedShots() > 0 &&
        job.status !== 'processing' &&
        job.status !== 'queued' &&
        actionButton(`Retry ${plural(failedShots(), 'failed shot')}`, 'retry', () =>
          retryFailedItems(job),
        ),
      canCancel(job) && actionButton('Cancel', 'cancel', () => cancel(job)),
      menuButton('More actions', menu, { class: 'button icon' }),
    );
  }

  function paintCause() {
    const waits = job.status === 'queued' && job.error;
    if (!differs('cause', job.error, job.status, job.attempt)) return;
    if (!job.error || job.status === 'completed') {
      put(cause);
      return;
    }
    const [first, ...rest] = job.error.split('\n');
    const trace = h(
      'pre.trace',
      { tabindex: 0, role: 'group', 'aria-label': 'The whole error' },
      user(job.error),
    );
    put(
      cause,
      h(
        'section',
        { class: `error-card ${waits ? 'waits' : ''}`, 'aria-label': 'Error' },
        shape('failed', 20),
        h(
          'div',
          h(
            'h2',
            waits
              ? 'The last attempt failed'
              : job.status === 'processing'
                ? 'An earlier attempt failed'
                : 'Failed',
          ),
          h('p.cause-line', user(first)),
          h(
            'p.small',
            `Attempt ${job.attempt} of ${job.max_attempts}`,
            job.worker_id && [' on ', user(job.worker_id)],
            ', ',
            when(job.completed_at ?? job.updated_at),
          ),
          rest.length > 0 &&
            h(
              'details',
              h('summary', `Whole error, ${plural(rest.length + 1, 'line')}`),
              h('div.trace-box', copyButton(job.error, 'Copy the error'), trace),
            ),
        ),
      ),
    );
  }

  const started = () =>
    events.findLast?.((e) => e.kind === 'started')?.created_at ?? job.started_at;

  function paintStage() {
    const result = job.result ?? {};
    const path = result.final_video_path ?? result.video_path;
    const url = mediaUrl(path);
    if (job.status === 'completed') {
      if (!differs('stage', 'completed', url, path)) return;
      const box = h('div.stage-box');
      put(
        stage,
        url && isVideo(url)
          ? box
          : h(
              'div.done-line.i-completed',
              shape('completed', 20),
              h(
                'div',
                h('b', 'Completed'),
                ' ',
                when(job.completed_at),
                path &&
                  h(
                    'p.small',
                    'Result: ',
                    url ? h('a', { href: url }, user(path)) : h('code', user(path)),
                  ),
              ),
            ),
        url &&
          isVideo(url) &&
          h(
            'p.row.between.small',
            h('span', 'Completed ', when(job.completed_at)),
            h('a', { href: url, download: true }, 'Download'),
          ),
      );
      if (url && isVideo(url)) {
        playing = () => play(box, url, newestFrame(shots), `Video of ${jobName(job)}`);
        if (!dialogOpen) playing();
      }
      return;
    }
    if (playing) {
      playing = null;
      unload();
    }
    if (!stage.progress || !differs('stage-kind', job.status)) {
      if (!stage.progress || !stage.progress.isConnected) buildStage();
    } else buildStage();
    keys.delete('stage');
    const tone = standing(job)[0];
    setBar(stage.progress, job.progress, tone, `${Math.floor(job.progress)} percent`);
    setText(stage.value, percent(job.progress));
    if (stage.name.dataset.text !== `${job.current_stage}${job.status}`) {
      stage.name.dataset.text = `${job.current_stage}${job.status}`;
      put(
        stage.name,
        job.status === 'queued'
          ? whyWaits()
          : user(job.current_stage, job.status === 'processing' ? 'No stage reported yet' : ''),
      );
    }
    setText(
      stage.shots,
      job.total_shots ? `${exact(job.completed_shots)} of ${plural(job.total_shots, 'shot')}` : '',
    );
  }

  function buildStage() {
    Object.assign(stage, {
      progress: bar('Progress'),
      value: h('span.huge'),
      name: h('span.stage-name'),
      shots: h('span'),
    });
    const elapsed = ['processing', 'failed', 'cancelled'].includes(job.status) && job.started_at;
    const since = () => (job.status === 'processing' ? started() : job.started_at);
    const time =
      elapsed &&
      ticking(
        h('span'),
        () =>
          `${job.status === 'processing' ? 'running' : 'ran'} ${duration(Math.round(((job.completed_at ? Date.parse(job.completed_at) : now()) - Date.parse(since())) / 1000))}`,
      );
    const rest =
      job.status === 'processing' &&
      ticking(h('span'), () => {
        const l = isStuck(job) ? null : left(job, started());
        return l === null || l < 1 ? '' : `about ${rough(l)} left`;
      });
    put(
      stage,
      h('div.stage-top', stage.value, stage.name),
      stage.progress,
      h(
        'p.facts',
        stage.shots,
        time,
        rest,
        job.status === 'processing' && job.worker_id && h('span', 'on ', user(job.worker_id)),
      ),
    );
  }

  function whyWaits() {
    if (job.run_at && Date.parse(job.run_at) > now())
      return h('span', job.attempt ? 'Tries again ' : 'Scheduled to run ', when(job.run_at));
    if (!stats) {
      get('/stats', { signal }).then(
        (answer) => {
          stats = answer;
          if (alive() && job.status === 'queued') put(stage.name, whyWaits());
        },
        () => {},
      );
      return 'Waits for a worker';
    }
    const { alive: there = 0, busy = 0 } = stats.workers ?? {};
    const queue = stats.by_type?.find((type) => type.job_type === job.job_type);
    if (queue?.paused)
      return h(
        'span',
        'The queue ',
        h('b', job.job_type),
        ' is paused. ',
        h('a', { href: '/workers' }, 'Queues'),
      );
    if (!there)
      return h('span', 'No worker is there to take it. ', h('a', { href: '/workers' }, 'Workers'));
    return there === busy
      ? `Waits: all ${plural(there, 'worker')} busy`
      : 'Waits for a worker that takes this type';
  }

  function paintInputs() {
    if (
      !differs(
        'inputs',
        job.content,
        job.user_requirement,
        job.style,
        job.labels,
        job.series_id,
        job.episode_id,
      )
    )
      return;
    inputs.hidden = false;
    const labels = Object.entries(job.labels ?? {});
    const long = (job.content ?? '').length > 600;
    put(
      inputs,
      h('header', h('h2', 'Input')),
      h(
        'div',
        { class: 'panel-body' },
        job.content
          ? long
            ? h(
                'details.content',
                h('summary', user(`${job.content.slice(0, 280)}…`)),
                h('div.prose', user(job.content)),
              )
            : h('div.prose', user(job.content))
          : h('p.small', 'No idea or script came with it.'),
        h(
          'dl.facts-list',
          fact('Requirement', job.user_requirement && user(job.user_requirement)),
          fact('Style', job.style && user(job.style)),
          fact(
            'Series',
            job.series_id &&
              h('a', { href: `/series/${encodeURIComponent(job.series_id)}` }, user(job.series_id)),
          ),
          fact(
            'Episode',
            job.episode_id &&
              h(
                'a',
                { href: `/jobs${query({ episode_id: job.episode_id })}` },
                user(job.episode_id),
              ),
          ),
          labels.length > 0 &&
            fact(
              'Labels',
              h(
                'span.chips',
                labels.map(([key, value]) =>
                  h(
                    'a.tag',
                    { href: `/jobs${query({ label: `${key}=${value}` })}` },
                    user(`${key}=${value}`),
                  ),
                ),
              ),
            ),
        ),
      ),
    );
  }

  const fact = (name, value) => value && [h('dt', name), h('dd', value)];

  function paintFacts() {
    if (
      !differs(
        'facts',
        job.status,
        job.attempt,
        job.worker_id,
        job.lease_expires_at,
        job.run_at,
        job.version,
        job.started_at,
      )
    )
      return;
    facts.hidden = false;
    put(
      facts,
      h('header', h('h2', 'Times')),
      h(
        'dl.facts-list.panel-body',
        fact('Created', moment(job.created_at)),
        fact('Run at', job.run_at && moment(job.run_at)),
        fact('Started', job.started_at && moment(job.started_at)),
        fact('Ended', job.completed_at && moment(job.completed_at)),
        fact('Changed', moment(job.updated_at)),
        fact('Attempt', `${job.attempt} of ${job.max_attempts}`),
        fact('Worker', job.worker_id && user(job.worker_id)),
        fact('Lease until', job.lease_expires_at && moment(job.lease_expires_at)),
        fact('Folder', job.working_dir && h('code.wrap', user(job.working_dir))),
        fact(
          'Came from',
          job.source && user([job.source, job.source_status].filter(Boolean).join(', ')),
        ),
        fact('Version', exact(job.version)),
      ),
    );
  }

  function paintData() {
    if (!differs('data', text.length, job.version, etag)) return;
    const open = new Set(
      [...data.querySelectorAll('details.json[open]')].map((el) => el.dataset.name),
    );
    const parts = [
      ['Result', 'result'],
      ['Context', 'context'],
      ['Request', 'request_data'],
    ]
      .map(([name, key]) => [name, part(text, key)])
      .filter(([, raw]) => raw !== null);
    data.hidden = false;
    put(
      data,
      h(
        'header',
        h('h2', 'Data'),
        h('a.small', { href: `/api/v1${jobPath(id)}`, target: '_blank', rel: 'noopener' }, 'Raw'),
      ),
      h(
        'div',
        { class: 'panel-body' },
        [...parts, ['Whole job', text]]
          .map(([name, raw]) =>
            Object.assign(
              viewer(
                name,
                raw,
                open.has(name) ||
                  (name === 'Result' && keys.size < 99 && !open.size && raw.length < 4000),
              ),
              {},
            ),
          )
          .map((el, i) => {
            el.dataset.name = [...parts, ['Whole job']][i][0];
            return el;
          }),
      ),
    );
  }

  function paintHistory() {
    if (!differs('history', events.at(-1)?.seq, job.version)) return;
    history.hidden = events.length === 0;
    const cut =
      events.at(-1).seq < job.version &&
      h(
        'p.small',
        `The first ${plural(events.length, 'event')} are shown. `,
        h('button.link', { onclick: () => loadEvents().catch(() => {}) }, 'Load more'),
      );
    put(line, attemptBars(events, job), eventList(events, cut));
  }

  function openShot(at, restored) {
    dialogOpen = true;
    const shown = (to) => go(jobUrl(id) + query({ shot: to }), { replace: true });
    if (!restored) shown(at);
    shotDialog({ job: id, shots: () => shots, at, moved: shown, changed: () => soonShots() }).then(
      () => {
        dialogOpen = false;
        if (!alive()) return;
        shown(null);
        playing?.();
      },
    );
  }

  // Live.

  const loadShots = async () => {
    const answer = await get(jobPath(id, '/shots'), { signal });
    if (!alive()) return;
    if (JSON.stringify(answer.shots) !== JSON.stringify(shots)) {
      shots = answer.shots;
      grid.hidden = !shots.length;
      if (shots.length) grid.show(shots);
    }
  };
  const soonShots = throttle(() => loadShots().catch(() => {}), 1000);
  const soonAll = throttle(() => load().catch(() => {}), 1000);

  const SHOTS = ['items_reported', 'shots_updated', 'shot_described', 'updated', 'completed'];
  // These change what an event does not tell: result, inputs, series.
  const WHOLE = [
    'updated',
    'completed',
    'failed',
    'cancelled',
    'merged',
    'overwritten',
    'detached',
    'retried',
    'recovered',
    'released',
    'rescued',
  ];

  function changes(news) {
    if (!job) return;
    let changed = false;
    for (const event of news) {
      if (event.kind === 'deleted') {
        ended();
        return;
      }
      // A gap in the stream of events is filled from the list.
      if (event.seq === (events.at(-1)?.seq ?? 0) + 1) take([event]);
      if (apply(job, event)) changed = true;
      if (SHOTS.includes(event.kind)) soonShots();
      if (WHOLE.includes(event.kind)) soonAll();
    }
    if (changed) paint();
    if (events.at(-1)?.seq < job.version) soonHistory();
  }
  const soonHistory = throttle(() => loadEvents().catch(() => {}), 2000);

  function ended() {
    put(
      gone,
      h(
        'div.problem',
        h('p', h('strong', 'This job was deleted. '), h('a', { href: list() }, 'Back to the list')),
      ),
    );
    columns.classList.add('dim');
    buttons.hidden = true;
    stream.close();
  }

  /** While the tab is hidden, its title goes on telling how far the job is. */
  async function peek() {
    try {
      const answer = await send('GET', jobPath(id), {
        headers: etag ? { 'If-None-Match': etag } : {},
      });
      if (answer.status === 304) return;
      etag = answer.etag;
      setTitle(
        `${answer.data.status === 'processing' ? percent(answer.data.progress) : answer.data.status} ${answer.data.project_title || id}`,
      );
    } catch {
      /* the stream tells when the tab is shown again */
    }
  }

  const stream = follow(jobPath(id, '/events/stream'), {
    ends: true,
    changes,
    hidden: peek,
    poll: load,
    reset: () => {
      events = [];
      soonAll();
    },
    snapshot: (whole) => {
      newest = whole.version;
      if (job ? newest > job.version : gone.firstChild) soonAll();
    },
    gone: () => {
      if (job) ended();
    },
  });
  const unheard = onJobChanged((other) => {
    if (other.job_id !== id || !job) return;
    if (other.kind === 'deleted') {
      ended();
      setTimeout(() => {
        if (alive()) go(list());
      }, 600);
      return;
    }
    if (apply(job, other)) {
      paint();
      soonAll();
    }
    stream.again();
  });
  root.addEventListener(
    'pagekey',
    ({ detail: { key } }) => {
      if (!job) return;
      if (key === 'r' && canRetry(job)) retry(job);
      if (key === 'c' && canCancel(job)) cancel(job);
      if (key === 'Escape') go(list());
    },
    { signal },
  );
  load().catch(() => {});
  // A queued job becomes due, and a running one stuck, without an event.
  const slow = setInterval(() => {
    if (job && !document.hidden) paint();
  }, 10000);

  return {
    close() {
      stream.close();
      unheard();
      clearInterval(slow);
      unload();
      for (const f of [soonShots, soonAll, soonHistory]) f.cancel();
      document.querySelector('dialog[open]')?.close();
    },
  };
}
