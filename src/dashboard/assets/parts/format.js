// Numbers, durations and times as people read them.
import { h } from './dom.js';

let skew = 0;

/** Sets the clock by a Date header. It has whole seconds, so a small difference means nothing. */
export function learnTime(date) {
  const difference = Date.parse(date) - Date.now();
  if (Number.isFinite(difference)) skew = Math.abs(difference) > 1500 ? difference : 0;
}

export const now = () => Date.now() + skew;

const grouped = new Intl.NumberFormat('en');
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

export const exact = (n) => grouped.format(n);
export const count = (n) => (n >= 100000 ? compact.format(n) : grouped.format(n));
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
/** A size in bytes or kilobytes. */
export const size = (bytes) =>
  bytes < 1024 ? `${bytes} B` : `${count(Math.round(bytes / 1024))} KB`;

export const percent = (p) => `${Math.floor(p ?? 0)}\u00a0%`;

/** A count as an element: compact when large, exact on hover. */
export const counted = (n, props) =>
  h('span', { ...props, title: n >= 100000 ? exact(n) : null }, count(n));

export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '–';
  const two = (n) => String(n).padStart(2, '0');
  if (seconds < 0) return '0 s';
  if (seconds < 10) return `${+seconds.toFixed(1)} s`;
  const all = Math.round(seconds);
  if (all < 60) return `${all} s`;
  const [d, hr, m, sec] = [
    Math.floor(all / 86400),
    Math.floor(all / 3600) % 24,
    Math.floor(all / 60) % 60,
    all % 60,
  ];
  if (all < 3600) return `${m} min ${two(sec)} s`;
  return d === 0 ? `${hr} h ${two(m)} min` : `${d} d ${two(hr)} h`;
}

/** A duration in its largest unit alone. */
export function rough(seconds) {
  const n = Math.max(0, Math.floor(seconds));
  if (n < 60) return `${n} s`;
  if (n < 3600) return `${Math.floor(n / 60)} min`;
  if (n < 86400) return `${Math.floor(n / 3600)} h`;
  return `${Math.floor(n / 86400)} d`;
}

const WEEK = 7 * 86400;
const local = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });
const precise = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const minute = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const dayMinute = new Intl.DateTimeFormat(undefined, {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

export const atClock = (time) => clock.format(new Date(time));
export const atMinute = (time) => minute.format(new Date(time));
export const atDayMinute = (time) => dayMinute.format(new Date(time));
export const both = (time) => `${local.format(new Date(time))}\n${new Date(time).toISOString()}`;

function relative(time) {
  const seconds = since(time);
  if (Math.abs(seconds) >= WEEK) return day.format(new Date(time));
  if (seconds < -1) return `in ${rough(-seconds)}`;
  return seconds < 1 ? 'now' : `${rough(seconds)} ago`;
}

/** A time: relative within a week, exact on hover or tap. */
export function when(time, text = relative) {
  if (!time) return h('span.none', '–');
  const el = h('time', { datetime: time, title: both(time) });
  return ticking(el, () => text(time));
}

/** A time to the second. */
export const moment = (time) =>
  time
    ? h('time', { datetime: time, title: both(time) }, precise.format(new Date(time)))
    : h('span.none', '–');

const ticks = new Set();

/** Computes the text of an element again each second, until it leaves the document. */
export function ticking(el, text) {
  el.textContent = text();
  el.ticks = true;
  ticks.add({ el, text, born: Date.now() });
  return el;
}

setInterval(() => {
  if (document.hidden) return;
  for (const tick of ticks) {
    // A new element may not be in the document yet.
    if (!tick.el.isConnected) {
      if (Date.now() - tick.born > 5000) ticks.delete(tick);
      continue;
    }
    const text = tick.text();
    if (tick.el.textContent !== text) tick.el.textContent = text;
  }
}, 1000);

/** Seconds between two times. */
export const between = (from, to) => (Date.parse(to) - Date.parse(from)) / 1000;

/** Seconds since a time. */
export const since = (time) => (now() - Date.parse(time)) / 1000;

/** Estimated seconds until a running job ends; null while there is too little to go by. */
export function left(job, start) {
  if (job.status !== 'processing' || !start || job.completed_shots < 3) return null;
  if (job.progress < 10 || job.progress >= 100) return null;
  return (since(start) / job.progress) * (100 - job.progress);
}
