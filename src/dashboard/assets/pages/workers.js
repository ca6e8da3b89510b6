// Workers, and the queues that they take jobs from.
import { get, query, send } from '../app/api.js';
import { attempt } from '../parts/dialogs.js';
import { h, patch } from '../parts/dom.js';
import { exact, percent, ticking, when } from '../parts/format.js';
import { askLimit } from '../parts/limit-dialog.js';
import { panelPage } from '../parts/list-page.js';
import { emptyText } from '../parts/overview/forecasts.js';
import { cells, panel, table } from '../parts/panel.js';
import { plainBadge } from '../parts/status.js';
import { jobTitle, jobUrl, user } from '../parts/text.js';
import { actionButton, empty } from '../parts/ui.js';

const WORKERS = [
  ['Worker'],
  ['State'],
  ['Types'],
  ['Jobs', 'grow'],
  ['Last seen', 'num'],
  ['Done', 'num'],
  ['Failed', 'num'],
  ['Rescued', 'num'],
];

const NO_WORKERS =
  'A worker asks for jobs with POST /api/v1/claims, and reports that it is alive by heartbeats.';

const job = (one) =>
  h(
    'li',
    { data: { key: one.job_id } },
    h('a', { href: jobUrl(one.job_id) }, jobTitle(one)),
    h('span.small', ` ${percent(one.progress)} `, user(one.current_stage)),
  );

function workerRow(one) {
  const place = [one.host, one.version].filter(Boolean).join(' · ');
  return h(
    'tr',
    { class: one.status === 'stale' ? 'gone' : '', data: { key: one.worker_id } },
    cells(WORKERS, [
      h('span.stack', h('b.clamp', user(one.worker_id)), h('span.small', user(place))),
      plainBadge(one.status),
      h('span.small', (one.job_types ?? []).join(', ') || 'any'),
      one.jobs?.length ? h('ul.plain', one.jobs.map(job)) : h('span.none', '–'),
      when(one.last_seen_at),
      exact(one.completed ?? 0),
      exact(one.failed ?? 0),
      exact(one.rescued ?? 0),
    ]),
  );
}

const workersPanel = (signal) =>
  panel(null, {
    load: async () => (await get('/workers', { signal })).workers,
    render: (body, all) =>
      patch(
        body,
        all.length
          ? table('Workers', WORKERS, all.map(workerRow))
          : empty(
              'No worker has been seen',
              NO_WORKERS,
              h('a.button', { href: '/docs' }, 'API docs'),
            ),
      ),
  });

const QUEUES = [
  ['Type'],
  ['Waiting', 'num'],
  ['Running', 'num'],
  ['Forecast'],
  ['Limit', 'num'],
  ['', 'num'],
];

/** Queues whose ends are foreseen. */
const FORECASTS = 10;

/** A number as a link to the jobs that it counts. */
const door = ({ job_type: type }, status, n) =>
  n ? h('a', { href: `/jobs${query({ status, job_type: type })}` }, exact(n)) : '0';

/** `change(fields)` changes the queue. */
function queueRow(one, change) {
  const limit = async () => {
    const most = await askLimit(one);
    if (most !== undefined) change({ max_running: most });
  };
  const href = `/jobs${query({ job_type: one.job_type })}`;
  const pause = () => change({ paused: !one.paused });
  return h(
    'tr',
    { data: { key: one.job_type } },
    cells(QUEUES, [
      h('span.row', h('a', { href }, one.job_type), one.paused && plainBadge('paused')),
      door(one, 'queued', one.queued),
      door(one, 'processing', one.processing),
      h('span.small', one.forecast ? ticking(h('span'), () => emptyText(one.forecast)) : '–'),
      h('button.link.act', { onclick: limit }, one.max_running ?? 'no limit'),
      actionButton(one.paused ? 'Resume' : 'Pause', one.paused ? 'play' : 'pause', pause),
    ]),
  );
}

function queuesPanel(signal) {
  const row = (one) =>
    queueRow(one, async (fields) => {
      const path = `/queues/${encodeURIComponent(one.job_type)}`;
      await attempt(() => send('PUT', path, { body: fields }));
      el.refreshQuietly();
    });
  const el = panel('Queues', {
    load: async () => {
      const { queues } = await get('/queues', { signal });
      const foresee = async (one) => {
        const path = `/queues/${encodeURIComponent(one.job_type)}/forecast`;
        return { ...one, forecast: await get(path, { signal }) };
      };
      const waiting = queues.filter((one) => one.queued).slice(0, FORECASTS);
      return Promise.all(queues.map((one) => (waiting.includes(one) ? foresee(one) : one)));
    },
    render: (body, all) =>
      patch(
        body,
        all.length
          ? table('Queues', QUEUES, all.map(row))
          : empty('No queue yet', 'There is one for each type of job.'),
      ),
  });
  return el;
}

export const mount = (root, { signal }) =>
  panelPage(root, 'Workers', [workersPanel(signal), queuesPanel(signal)], signal);
