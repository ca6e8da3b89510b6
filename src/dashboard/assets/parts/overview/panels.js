// Panels of the overview that show the server's statistics.
import { query } from '../../app/api.js';
import { h, patch, put, setText, steady } from '../dom.js';
import { count, counted, duration, exact, plural, rough, since, ticking, when } from '../format.js';
import { icon } from '../icons.js';
import { spark } from '../spark.js';
import { shape } from '../status.js';
import { jobTitle, jobUrl } from '../text.js';
import { empty, skeleton } from '../ui.js';

/** A job that waits longer than this, in seconds, is pointed out. */
const LONG_WAIT = 600;

/** Failures that are looked at to group them by cause. */
export const FAILURES = 200;

/** A panel with a link to all that it shows. */
export function linkedPanel(title, text, href, body = h('div.panel-body', skeleton(2))) {
  const link = h('a.small', { href }, text);
  const header = h('header', h('h2', title), link);
  return Object.assign(h('section.panel', { 'aria-label': title }, header, body), { body, link });
}

/** Status, word, and field of the bins that its line shows. */
const TILES = [
  ['processing', 'Running', 'started'],
  ['queued', 'Waiting', 'created'],
  ['completed', 'Completed', 'completed'],
  ['failed', 'Failed', 'failed'],
  ['cancelled', 'Cancelled', 'cancelled'],
];

export const TILED = TILES.map(([status]) => status);

export function tilesPanel() {
  const tile = ([status, word]) => {
    const number = h('span.number', '–');
    const line = h('span.spark-box');
    const link = { class: `tile i-${status}`, href: `/jobs?status=${status}` };
    const el = h('a', link, h('span.label', shape(status), word), number, line);
    return Object.assign(el, { number, line });
  };
  return h('div.tiles', TILES.map(tile));
}

/** `range` names the time that the bins cover. */
export function showTiles(el, { jobs, buckets }, range) {
  TILES.forEach(([status, , field], i) => {
    const tile = el.children[i];
    const points = buckets.map((bin) => bin[field]);
    const label = `${points.reduce((a, b) => a + b, 0)} ${field} in ${range}`;
    setText(tile.number, count(jobs[status]));
    tile.title = exact(jobs[status]);
    tile.classList.toggle('zero', !jobs[status]);
    steady(tile.line, [range, points], () => put(tile.line, spark(points, label)));
  });
}

/** What needs attention: `[tone, href, strong, text]`. */
function notesOf(stats, causes) {
  const { jobs, scheduled, stuck, workers } = stats;
  const { oldest_queued_seconds: oldest, oldest_queued_job_id: id } = stats;
  const day = stats.as_of.slice(0, 10);
  const jobsOf = (one) => one.jobs.filter((job) => job.failed_at >= day);
  const total = causes.flatMap(jobsOf).length;
  const bad = `${total < FAILURES ? '' : 'Over '}${plural(total, 'failed job')}`;
  const list = `/jobs?status=failed&ended_after=${day}T00:00:00Z`;
  const running = '/jobs?status=processing';
  return [
    total > 0 && ['failed', list, bad, 'since midnight UTC'],
    stuck > 0 && ['attention', running, plural(stuck, 'stuck job'), 'with a silent worker'],
    oldest > LONG_WAIT && [
      'attention',
      jobUrl(id),
      rough(oldest),
      'is how long the oldest job waits',
    ],
    jobs.queued > scheduled &&
      workers.alive === 0 && ['attention', '/workers', 'No worker', 'takes what waits'],
  ].filter(Boolean);
}

export function showAttention(el, stats, causes) {
  const link = ([tone, href, strong, text]) => {
    const words = h('span', h('b', strong), ` ${text}`);
    return h(
      'a',
      { class: `note i-${tone}`, href, data: { key: text } },
      shape(tone),
      words,
      icon('next', 16),
    );
  };
  const notes = notesOf(stats, causes);
  steady(el, notes, () => patch(el, notes.map(link)));
}

const longest = (time) => [
  ' · longest ',
  h(
    'b',
    ticking(h('span'), () => duration(Math.round(since(time)))),
  ),
];

function nextRow(job) {
  const priority = job.priority ? `priority ${job.priority} · ` : '';
  const title = h('a', { href: jobUrl(job.job_id) }, jobTitle(job));
  return h(
    'li',
    { data: { key: job.job_id } },
    title,
    h('span.small', priority, when(job.created_at)),
  );
}

/** `forecastRow` makes an entry of a forecast; without it there are none. */
export function showWaiting({ body }, stats, forecasts, forecastRow) {
  const { jobs, scheduled, oldest_queued_at: oldest, next } = stats;
  const content = () => [
    h(
      'p.crew-line',
      counted(jobs.queued, { class: 'big' }),
      ' waiting',
      oldest && longest(oldest),
      scheduled > 0 && ` · ${exact(scheduled)} scheduled`,
    ),
    forecasts.length > 0 && h('ul.types.forecasts', forecasts.map(forecastRow)),
    h('ol.next', next.map(nextRow)),
  ];
  steady(body, [jobs.queued, scheduled, oldest, next, forecasts], () =>
    patch(body, jobs.queued ? content() : empty('Nothing waits', 'Every job has been taken.')),
  );
}

function typeRow(type) {
  const href = `/jobs${query({ job_type: type.job_type })}`;
  return h(
    'li',
    { data: { key: type.job_type } },
    h('a', { href }, type.job_type),
    type.paused && h('span.tag.i-attention', 'paused'),
    h('span.small', `${exact(type.processing)} running · ${exact(type.queued)} waiting`),
  );
}

const noWorker = () =>
  empty(
    'No worker',
    'Jobs run when a worker asks for them.',
    h('a.button', { href: '/docs' }, 'How workers ask'),
  );

export function showWorkers({ body }, { workers, by_type: types }) {
  const { alive, busy, stale } = workers;
  const shown = types.filter((type) => type.queued || type.processing || type.paused).slice(0, 6);
  const width = `${alive ? (100 * busy) / alive : 0}%`;
  const content = () => [
    h(
      'p.crew-line',
      h('b', exact(busy)),
      ' busy ',
      h('b', exact(alive - busy)),
      ' free',
      stale > 0 &&
        h('span.i-attention.ink', ' ', shape('attention', 14), ` ${exact(stale)} offline`),
    ),
    h(
      'div.meter',
      { role: 'img', 'aria-label': `${busy} of ${alive} workers busy` },
      h('span', { style: { width } }),
    ),
    h('ul.types', shown.map(typeRow)),
  ];
  steady(body, [workers, shown], () => patch(body, alive || stale ? content() : noWorker()));
}
