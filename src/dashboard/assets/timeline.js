// What happened to a job: attempts as bars on one axis, and the stored events below.
import { h, put, user } from './dom.js';
import { atClock, both, duration, now, plural, when } from './format.js';
import { ink, shape } from './status.js';

/** The stretches of a job's life, from its events: what it was in, since when, until when, and what ended it. */
function stretches(events, job) {
  const all = [];
  let open = null;
  for (const event of events) {
    const { status, kind } = event;
    if (
      open &&
      open.status === status &&
      !['started', 'retry_scheduled', 'retried', 'recovered', 'rescued'].includes(kind)
    )
      continue;
    if (open) all.push({ ...open, to: event.created_at, end: event });
    open =
      status === 'queued' || status === 'processing'
        ? { status, from: event.created_at, begin: event }
        : null;
  }
  if (open) all.push({ ...open, to: null, end: null });
  return all.map((stretch) => ({
    ...stretch,
    kind:
      stretch.status === 'processing'
        ? 'run'
        : stretch.begin.kind === 'retry_scheduled' || isLater(stretch, job)
          ? 'backoff'
          : 'wait',
  }));
}

const isLater = (stretch, job) =>
  stretch.to === null && job.run_at && Date.parse(job.run_at) > now();

/** Attempts: each with what it waited, how long it ran and how it ended. */
export function attempts(events, job) {
  const rows = [];
  let waits = [];
  for (const stretch of stretches(events, job)) {
    if (stretch.kind !== 'run') {
      waits.push(stretch);
      continue;
    }
    rows.push({
      number: stretch.begin.data?.attempt ?? rows.length + 1,
      parts: [...waits, stretch],
      end: stretch.end,
      worker: stretch.begin.data?.worker_id,
    });
    waits = [];
  }
  if (waits.length) rows.push({ number: null, parts: waits, end: waits.at(-1).end });
  return rows;
}

const PARTS = { wait: 'waited', backoff: 'waited to try again', run: 'ran' };
const length = (part) => ((part.to ? Date.parse(part.to) : now()) - Date.parse(part.from)) / 1000;

export function attemptBars(events, job) {
  const rows = attempts(events, job);
  const start = Date.parse(events[0]?.created_at ?? job.created_at);
  const last = rows.flatMap((row) => row.parts).at(-1);
  const end = Math.max(
    start + 1,
    last?.to === null ? now() : Date.parse(last?.to ?? job.updated_at),
  );
  const at = (time) => (100 * (Date.parse(time) - start)) / (end - start);
  const line = (row) => {
    const ended = row.end?.status === 'queued' ? 'failed' : row.end?.status;
    const text = row.parts
      .map((part) => `${PARTS[part.kind]} ${duration(length(part))}`)
      .join(', ');
    return h(
      'li',
      null,
      h('span.try', row.number === null ? 'Next' : `#${row.number}`),
      h(
        'div.track',
        { role: 'img', 'aria-label': `Attempt ${row.number ?? 'to come'}: ${text}` },
        row.parts.map((part) =>
          h('span', {
            class: `part ${part.kind} ${part.kind === 'run' ? `i-${ended ?? 'processing'}` : ''} ${part.to === null ? 'open' : ''}`,
            title: `${PARTS[part.kind]} ${duration(length(part))}\n${both(part.from)}`,
            style: {
              left: `${at(part.from)}%`,
              width: `${Math.max(0.4, at(part.to ?? new Date(now()).toISOString()) - at(part.from))}%`,
            },
          }),
        ),
      ),
      h(
        'div.said.small',
        text,
        row.worker && [' on ', user(row.worker)],
        row.end?.data?.error && h('span.why', ' ', user(row.end.data.error.split('\n')[0])),
      ),
    );
  };
  const cut = rows.length > 12 ? rows.slice(-12) : rows;
  const list = h('ol.attempts', cut.map(line));
  return h(
    'div',
    null,
    cut.length < rows.length &&
      h(
        'button.link',
        {
          onclick: (e) => {
            put(list, rows.map(line));
            e.target.remove();
          },
        },
        `Show all ${rows.length} attempts`,
      ),
    list,
    h(
      'div.axis-line.small',
      h('span', atClock(start)),
      h(
        'span.legend',
        h('span.k.wait'),
        'waited',
        h('span.k.backoff'),
        'backoff',
        h('span.k.run'),
        'ran',
      ),
      h('span', last?.to === null ? 'now' : atClock(end)),
    ),
  );
}

const FOLDED = ['progressed', 'items_reported', 'shots_updated'];

/** Newest first; steps of progress that follow each other are one line. */
export function eventList(events, more) {
  const lines = [];
  for (const event of events) {
    const before = lines.at(-1);
    if (before && FOLDED.includes(event.kind) && FOLDED.includes(before.event.kind)) {
      before.event = event;
      before.times += 1;
    } else lines.push({ event, times: 1 });
  }
  lines.reverse();
  const row = ({ event, times }) =>
    h(
      'li',
      null,
      h('span.at', when(event.created_at)),
      h('span', { class: `dot-line i-${ink(event.status)} ink` }, shape(event.status, 14)),
      h(
        'div',
        h('b', event.kind.replaceAll('_', ' ')),
        times > 1 && h('span.small', ` × ${times}`),
        h(
          'span.small',
          ` · version ${event.seq}`,
          event.status === 'processing' ? ` · ${Math.floor(event.progress)} %` : '',
          event.total_shots ? ` · ${event.completed_shots}/${event.total_shots} shots` : '',
          event.current_stage && FOLDED.includes(event.kind)
            ? [' · ', user(event.current_stage)]
            : '',
        ),
        telling(event),
      ),
    );
  const list = h('ol.events', lines.slice(0, 30).map(row));
  return h(
    'div',
    list,
    lines.length > 30 &&
      h(
        'button.button',
        {
          onclick: (e) => {
            put(list, lines.map(row));
            e.target.remove();
          },
        },
        `Show all ${plural(lines.length, 'line')}`,
      ),
    more,
  );
}

/** What the event says beyond its kind. */
function telling({ data }) {
  const told = Object.entries(data ?? {}).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  const shown = (value) =>
    /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)
      ? when(value)
      : user(
          (typeof value === 'string' ? value : JSON.stringify(value)).split('\n')[0].slice(0, 160),
        );
  if (!told.length) return null;
  return h(
    'div.told.small',
    told
      .slice(0, 6)
      .map(([name, value]) =>
        h('span', h('span.j-key', name.replaceAll('_', ' ')), ' ', shown(value)),
      ),
  );
}
