// Statuses, shown as shape, word and colour together.
import { h, s } from './dom.js';
import { exact, now, plural } from './format.js';
import { LINE } from './icons.js';

export const STATUSES = ['queued', 'processing', 'completed', 'failed', 'cancelled'];

/** A job without a lease is stuck when it has not changed for this time. */
const SILENT_MS = 15 * 60 * 1000;

export const isStuck = (job) =>
  job.status === 'processing' &&
  (job.lease_expires_at
    ? Date.parse(job.lease_expires_at) < now()
    : now() - Date.parse(job.updated_at) > SILENT_MS);

/** `[ink, shape, word]` of a job's status. */
export function standing(job) {
  const later = job.run_at && Date.parse(job.run_at) > now();
  if (job.status === 'queued' && later)
    return job.attempt > 0
      ? ['attention', 'retrying', 'Retrying']
      : ['queued', 'scheduled', 'Scheduled'];
  if (job.status === 'processing' && job.cancel_requested_at)
    return ['cancelled', 'cancelling', 'Cancelling'];
  if (isStuck(job)) return ['attention', 'attention', 'Stuck'];
  return [job.status, job.status, WORDS[job.status] ?? job.status];
}

export const WORDS = {
  queued: 'Queued',
  processing: 'Processing',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
  pending: 'Pending',
  generating_frames: 'Frames',
  generating_video: 'Video',
  skipped: 'Skipped',
  changed: 'Changed',
  running: 'Running',
  finished: 'Finished',
  aborted: 'Aborted',
  busy: 'Busy',
  idle: 'Free',
  stale: 'Offline',
  paused: 'Paused',
};

const line = (d, more) => s('path', { ...LINE, d, ...more });
const ring = (more) => s('circle', { ...LINE, cx: 8, cy: 8, r: 5.5, ...more });
const cut = (d) => line(d, { stroke: 'var(--on-ink)' });

const SHAPES = {
  queued: () => [ring()],
  scheduled: () => [ring(), line('M8 5.5V8l1.8 1')],
  retrying: () => [line('M3 8a5 5 0 1 0 1.8-3.8M3 2.8v3h3')],
  processing: () => [
    ring({ opacity: 0.3 }),
    line('M8 2.5A5.5 5.5 0 0 1 13.5 8', { class: 'turn' }),
  ],
  attention: () => [
    s('path', { d: 'M8 1.5 15 14H1z', fill: 'currentColor' }),
    cut('M8 6v3.5M8 12v.01'),
  ],
  completed: () => [
    s('circle', { cx: 8, cy: 8, r: 6.5, fill: 'currentColor' }),
    cut('M5.3 8.2l2 2 3.5-4'),
  ],
  failed: () => [
    s('rect', { x: 1.5, y: 1.5, width: 13, height: 13, rx: 3, fill: 'currentColor' }),
    cut('M5.5 5.5l5 5M10.5 5.5l-5 5'),
  ],
  cancelled: () => [ring(), line('M4.2 11.8l7.6-7.6')],
  cancelling: () => [ring({ 'stroke-dasharray': '3 2.7' }), line('M4.2 11.8l7.6-7.6')],
};

const INKS = {
  pending: 'queued',
  generating_frames: 'processing',
  generating_video: 'processing',
  skipped: 'cancelled',
  changed: 'completed',
  running: 'processing',
  finished: 'completed',
  aborted: 'cancelled',
  busy: 'processing',
  idle: 'completed',
  stale: 'attention',
  paused: 'attention',
};

export const ink = (status) => INKS[status] ?? status;

export function shape(name, size = 16) {
  return s(
    'svg',
    { viewBox: '0 0 16 16', width: size, height: size, class: 'shape', 'aria-hidden': 'true' },
    (SHAPES[name] ?? SHAPES[ink(name)] ?? SHAPES.queued)(),
  );
}

export const badge = ([tone, form, word], extra = '') =>
  h('span', { class: `status i-${tone} ${extra}` }, shape(form), h('span', word));

/** The badge of a shot's, an import's or a worker's status. */
export const plainBadge = (status) => badge([ink(status), ink(status), WORDS[status] ?? status]);

/** Shows the badge of a job in `el`. */
export function showStanding(el, job, extra) {
  const stands = standing(job);
  const key = stands.join(' ');
  if (el.dataset.standing === key) return;
  el.dataset.standing = key;
  el.replaceChildren(badge(stands, extra));
}

export function bar(label) {
  const inner = h('span');
  const el = h(
    'div.bar',
    { role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-label': label },
    inner,
  );
  return Object.assign(el, { inner });
}

export function setBar(el, value, tone, text) {
  const rounded = Math.min(100, Math.max(0, value ?? 0));
  el.inner.style.transform = `scaleX(${rounded / 100})`;
  el.className = `bar i-${tone}`;
  el.setAttribute('aria-valuenow', String(Math.floor(rounded)));
  el.setAttribute('aria-valuetext', text ?? `${Math.floor(rounded)} percent`);
}

/** One bar, divided by status. */
export function stacked(counts, label) {
  const total = STATUSES.reduce((sum, status) => sum + (counts[status] ?? 0), 0);
  const text =
    STATUSES.filter((status) => counts[status])
      .map((status) => `${counts[status]} ${status}`)
      .join(', ') || 'no jobs';
  const order = ['completed', 'processing', 'failed', 'cancelled', 'queued'];
  return h(
    'div.stacked',
    { role: 'img', 'aria-label': `${label}: ${text}`, title: text },
    order
      .filter((status) => counts[status])
      .map((status) =>
        h('span', { class: `i-${status}`, style: { width: `${(100 * counts[status]) / total}%` } }),
      ),
  );
}

/** How much of the jobs of a series or an episode is done. */
export const share = (counts) =>
  counts.total
    ? `${exact(counts.completed)} of ${plural(counts.total, 'job')} done`
    : 'no jobs yet';
