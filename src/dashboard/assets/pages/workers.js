// Workers, and the queues that they take jobs from.
import { get, query, send } from '../app/api.js';
import { attempt } from '../parts/dialogs.js';
import { h, patch } from '../parts/dom.js';
import { exact, percent, when } from '../parts/format.js';
import { askLimit } from '../parts/limit-dialog.js';
import { panelPage } from '../parts/list-page.js';
import { plainBadge } from '../parts/status.js';
import { jobTitle, jobUrl, user } from '../parts/text.js';
import { actionButton, cells, empty, panel, table } from '../parts/ui.js';

const WORKERS = [
  ['Worker'],
  ['State'],
  ['Types'],
  ['Jobs', 'grow'],
  ['Last sign', 'num'],
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

const QUEUES = [['Type'], ['Waiting', 'num'], ['Running', 'num'], ['Limit', 'num'], ['', 'num']];

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
      exact(one.queued),
      exact(one.processing),
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
    load: async () => (await get('/queues', { signal })).queues,
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
