// The history of a job: attempts as bars on one axis, and its events.
import { needStyles } from '../app/styles.js';
import { h, put } from './dom.js';
import { atClock, between, both, duration, now, plural, when } from './format.js';
import { ink, shape } from './status.js';
import { firstLine, user } from './text.js';

// Its legend.
needStyles('charts');

const BEGINS = ['started', 'retry_scheduled', 'retried', 'recovered', 'rescued'];

const isLater = (period, job) => period.to === null && job.run_at && Date.parse(job.run_at) > now();

function kindOf(period, job) {
  if (period.status === 'processing') return 'run';
  // A job that was never tried waits for its time, not to be tried again.
  const later = job.attempt > 0 && isLater(period, job);
  return period.begin.kind === 'retry_scheduled' || later ? 'backoff' : 'wait';
}

/** Periods in which the job waited or ran: `{status, kind, from, to, begin, end}`. */
function periods(events, job) {
  const all = [];
  let open = null;
  for (const event of events) {
    const { status, kind, created_at: at } = event;
    if (open?.status === status && !BEGINS.includes(kind)) continue;
    if (open) all.push({ ...open, to: at, end: event });
    const active = status === 'queued' || status === 'processing';
    open = active ? { status, from: at, begin: event } : null;
  }
  if (open) all.push({ ...open, to: null, end: null });
  return all.map((period) => ({ ...period, kind: kindOf(period, job) }));
}

/** Attempts, each with the waits before it, its run and the event that ended it. */
export function attempts(events, job) {
  const rows = [];
  let waits = [];
  for (const period of periods(events, job)) {
    if (period.kind !== 'run') {
      waits.push(period);
      continue;
    }
    const { attempt, worker_id: worker } = period.begin.data ?? {};
    const number = attempt ?? rows.length + 1;
    rows.push({ number, parts: [...waits, period], end: period.end, worker });
    waits = [];
  }
  if (waits.length) rows.push({ number: null, parts: waits, end: waits.at(-1).end });
  return rows;
}

const PARTS = { wait: 'waited', backoff: 'waited to try again', run: 'ran' };

const isoNow = () => new Date(now()).toISOString();

const lengthOf = (part) =>
  `${PARTS[part.kind]} ${duration(between(part.from, part.to ?? isoNow()))}`;

/** A bar of the part; `at(time)` is its place in percent of the axis. */
function partBar(part, status, at) {
  const width = Math.max(0.4, at(part.to ?? isoNow()) - at(part.from));
  const inked = part.kind === 'run' ? `i-${status ?? 'processing'}` : '';
  return h('span', {
    class: `part ${part.kind} ${inked} ${part.to === null ? 'open' : ''}`,
    title: `${lengthOf(part)}\n${both(part.from)}`,
    style: { left: `${at(part.from)}%`, width: `${width}%` },
  });
}

function attemptRow(row, at) {
  // A job that is queued again after a run has failed in it.
  const status = row.end?.status === 'queued' ? 'failed' : row.end?.status;
  const text = row.parts.map(lengthOf).join(', ');
  const label = `Attempt ${row.number ?? 'to come'}: ${text}`;
  const error = row.end?.data?.error;
  return h(
    'li',
    h('span.try', row.number === null ? 'Next' : `#${row.number}`),
    h(
      'div.track',
      { role: 'img', 'aria-label': label },
      row.parts.map((part) => partBar(part, status, at)),
    ),
    h(
      'div.said.small',
      text,
      row.worker && [' on ', user(row.worker)],
      error && h('span.why', ' ', user(firstLine(error))),
    ),
  );
}

const legend = () =>
  h(
    'span.legend',
    h('span.k.wait'),
    'waited',
    h('span.k.backoff'),
    'backoff',
    h('span.k.run'),
    'ran',
  );

/** Shows all lines of a list, and removes the button that asked for it. */
const showAll = (list, lines) => (event) => {
  put(list, lines());
  event.target.remove();
};

export function attemptBars(events, job) {
  const rows = attempts(events, job);
  const last = rows.flatMap((row) => row.parts).at(-1);
  const running = last?.to === null;
  const start = Date.parse(events[0]?.created_at ?? job.created_at);
  const end = Math.max(start + 1, running ? now() : Date.parse(last?.to ?? job.updated_at));
  const at = (time) => (100 * (Date.parse(time) - start)) / (end - start);
  const line = (row) => attemptRow(row, at);
  const recent = rows.slice(-12);
  const list = h('ol.attempts', recent.map(line));
  const all = { onclick: showAll(list, () => rows.map(line)) };
  return h(
    'div',
    recent.length < rows.length && h('button.link', all, `Show all ${rows.length} attempts`),
    list,
    h(
      'div.axis-line.small',
      h('span', atClock(start)),
      legend(),
      h('span', running ? 'now' : atClock(end)),
    ),
  );
}

const FOLDED = ['progressed', 'items_reported', 'shots_updated'];

/** One line for events of progress that follow each other: `{event, times}` with the last. */
function fold(events) {
  const lines = [];
  for (const event of events) {
    const before = lines.at(-1);
    if (before && FOLDED.includes(event.kind) && FOLDED.includes(before.event.kind)) {
      before.event = event;
      before.times += 1;
    } else lines.push({ event, times: 1 });
  }
  return lines;
}

const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

function shown(value) {
  if (TIME.test(value)) return when(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return user(firstLine(text).slice(0, 160));
}

/** How many items were reported in each status. */
function itemsIn(items) {
  const numbers = {};
  for (const { status } of items) numbers[status] = (numbers[status] ?? 0) + 1;
  return Object.entries(numbers)
    .map(([status, n]) => `${n} ${status}`)
    .join(', ');
}

/** The last lines of a log, as text. */
const tailOf = (lines) =>
  h(
    'div.log-tail.small',
    lines.slice(-3).map((line) => h('p', user(line))),
  );

/** The first fields of an event's data. */
function dataOf({ kind, data }) {
  if (kind === 'logged' && data?.lines?.length) return tailOf(data.lines);
  if (kind === 'items_reported' && Array.isArray(data?.items)) {
    return h('div.event-data.small', itemsIn(data.items));
  }
  const fields = Object.entries(data ?? {}).filter(([, value]) => (value ?? null) !== null);
  if (!fields.length) return null;
  const field = ([name, value]) =>
    h('span', h('span.j-key', name.replaceAll('_', ' ')), ' ', shown(value));
  return h('div.event-data.small', fields.slice(0, 6).map(field));
}

function eventRow({ event, times }) {
  const { kind, status, seq, total_shots: total, current_stage: stage } = event;
  return h(
    'li',
    h('span.at', when(event.created_at)),
    h('span', { class: `dot-line i-${ink(status)} ink` }, shape(status, 14)),
    h(
      'div',
      h('b', kind.replaceAll('_', ' ')),
      times > 1 && h('span.small', ` × ${times}`),
      h(
        'span.small',
        ` · version ${seq}`,
        status === 'processing' && ` · ${Math.floor(event.progress)} %`,
        total > 0 && ` · ${event.completed_shots}/${total} shots`,
        stage && FOLDED.includes(kind) && [' · ', user(stage)],
        event.by && [' · by ', user(event.by.name, event.by.key_id)],
      ),
      dataOf(event),
    ),
  );
}

/** Events, the newest first. `more` loads further ones. */
export function eventList(events, more) {
  const lines = fold(events).reverse();
  const list = h('ol.events', lines.slice(0, 30).map(eventRow));
  const all = { onclick: showAll(list, () => lines.map(eventRow)) };
  const text = `Show all ${plural(lines.length, 'line')}`;
  return h('div', list, lines.length > 30 && h('button.button', all, text), more);
}
