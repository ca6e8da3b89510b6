// One stream of changes for the page that is shown. It is read with fetch, since an EventSource gives up for good at one
// 503, and is closed while the tab is hidden, since a browser opens only six connections to a server.
import { throttle } from './dom.js';
import { API } from './api.js';
import { now } from './format.js';

const SILENCE = 35000;
const LOST_AFTER = 5000;
const POLL = 5000;
const ENDED_CHECK = 15000;
const AWAY = 60000;

const listeners = new Set();
export const connection = { state: 'connecting', asOf: null, lostSince: null, paused: false };
export const onConnection = (f) => {
  listeners.add(f);
  f(connection);
  return () => listeners.delete(f);
};
const tell = () => {
  for (const f of listeners) f(connection);
};

let current = null;

function set(state) {
  if (connection.state === state) return;
  connection.state = state;
  tell();
}

/** Something came from the server: what is shown is true as of now. */
function heard() {
  connection.asOf = now();
  if (connection.lostSince) {
    connection.lostSince = null;
    tell();
  }
}

/** A call of a page failed or went through: tells the same as the stream. */
export function callFailed(problem) {
  if (problem?.status === 0) current?.suspect();
}

class Stream {
  /** `path` under the API. Handlers: `changes(events)`, `snapshot(data)`, `reset()`, `poll()`, `hidden()`. */
  constructor(path, handlers) {
    Object.assign(this, {
      path,
      handlers,
      after: null,
      behind: false,
      heardAt: 0,
      failures: 0,
      queue: [],
      timers: {},
      done: false,
    });
    this.flush = this.flush.bind(this);
  }

  open() {
    this.stop();
    if (this.done || document.hidden || connection.paused) return;
    this.terminal = false;
    const controller = (this.controller = new AbortController());
    this.read(controller).then(
      (why) => this.ended(why, controller),
      () => this.ended('failed', controller),
    );
  }

  stop() {
    this.controller?.abort();
    this.controller = null;
    clearTimeout(this.timers.retry);
    clearTimeout(this.timers.silence);
  }

  close() {
    this.done = true;
    this.stop();
    clearInterval(this.timers.poll);
    clearInterval(this.timers.hidden);
    clearTimeout(this.timers.lost);
    cancelAnimationFrame(this.frame);
  }

  async read(controller) {
    // What all jobs did meanwhile may be more than a page wants to hear: it asks how things are instead.
    if (!this.handlers.ends && this.after !== null && Date.now() - this.heardAt > AWAY)
      this.forget();
    const path =
      this.after === null
        ? this.path
        : `${this.path}${this.path.includes('?') ? '&' : '?'}after=${encodeURIComponent(this.after)}`;
    this.watch(controller);
    const response = await fetch(API + path, {
      signal: controller.signal,
      headers: { Accept: 'text/event-stream' },
      cache: 'no-store',
    });
    if (response.status === 204) {
      heard();
      return 'over';
    }
    if (response.status === 404) {
      heard();
      this.handlers.gone?.();
      return 'gone';
    }
    if (response.status === 400 && this.after !== null) {
      this.forget();
      return 'failed';
    }
    if (!response.ok || !response.body) return 'failed';
    this.healthy();
    this.heardAt = Date.now();
    if (this.behind) {
      this.behind = false;
      this.handlers.reset?.();
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    let message = {};
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return this.terminal ? 'over' : 'failed';
      this.watch(controller);
      heard();
      this.heardAt = Date.now();
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        if (line === '' || line === '\r') {
          this.take(message);
          message = {};
        } else if (line[0] !== ':') {
          const colon = line.indexOf(':');
          message[line.slice(0, colon)] = line.slice(colon + 1).trim();
        }
      }
    }
  }

  /** The next answer begins with a snapshot, and the page asks for what it shows. */
  forget() {
    this.after = null;
    this.behind = true;
  }

  take({ event, data, id }) {
    if (id) this.after = id;
    if (!event || !data) return;
    const body = JSON.parse(data);
    if (this.handlers.ends)
      this.terminal =
        ['completed', 'failed', 'cancelled'].includes(body.status) || body.kind === 'deleted';
    if (event === 'snapshot') {
      this.queue = [];
      this.handlers.snapshot?.(body);
    } else if (event === 'reset') {
      this.after = null;
      this.handlers.reset?.(body);
    } else if (event === 'change') {
      this.queue.push(body);
      this.frame ||= requestAnimationFrame(this.flush);
    }
  }

  /** Painted once a frame, however many came. */
  flush() {
    this.frame = 0;
    const events = this.queue;
    this.queue = [];
    if (events.length && !this.done) this.handlers.changes?.(events);
  }

  /** A proxy may keep a dead connection open: 35 seconds without a byte, and it is opened anew. */
  watch(controller) {
    clearTimeout(this.timers.silence);
    this.timers.silence = setTimeout(() => {
      if (controller === this.controller) {
        controller.abort();
        this.open();
      }
    }, SILENCE);
  }

  healthy() {
    this.failures = 0;
    clearTimeout(this.timers.lost);
    this.timers.lost = 0;
    clearInterval(this.timers.poll);
    this.timers.poll = 0;
    heard();
    set('live');
  }

  ended(why, controller) {
    if (controller !== this.controller || this.done) return;
    clearTimeout(this.timers.silence);
    if (why === 'gone') return set('live');
    if (why === 'over') {
      this.healthy();
      // Someone may retry the job: look again now and then.
      this.timers.retry = setTimeout(() => this.open(), ENDED_CHECK);
      return;
    }
    this.failures += 1;
    if (connection.state === 'live' || connection.state === 'connecting') set('connecting');
    this.suspect();
    if (this.failures >= 3) this.fallBack();
    const wait = Math.min(15000, 500 * 2 ** (this.failures - 1)) * (0.75 + Math.random() / 2);
    this.timers.retry = setTimeout(() => this.open(), wait);
  }

  /** The connection is called lost only when it stays so. */
  suspect() {
    this.timers.lost ||= setTimeout(() => {
      this.timers.lost = 0;
      if (this.done || connection.state === 'live' || connection.state === 'polling') return;
      connection.lostSince ??= now();
      connection.state = 'lost';
      tell();
    }, LOST_AFTER);
  }

  /** Streams may be what a proxy does not let through: ask instead, until one opens. */
  fallBack() {
    if (this.timers.poll) return;
    const ask = async () => {
      try {
        await this.handlers.poll?.();
        heard();
        if (connection.state !== 'live') set('polling');
      } catch {
        if (connection.state === 'polling') set('connecting');
        this.suspect();
      }
    };
    this.timers.poll = setInterval(ask, POLL);
    ask();
  }

  visibility() {
    clearInterval(this.timers.hidden);
    if (document.hidden) {
      this.stop();
      clearTimeout(this.timers.lost);
      this.timers.lost = 0;
      if (this.handlers.hidden)
        this.timers.hidden = setInterval(() => this.handlers.hidden(), 30000);
    } else this.open();
  }
}

/** Follows a stream instead of the one before. Answers with what closes it. */
export function follow(path, handlers) {
  current?.close();
  const stream = (current = new Stream(path, handlers));
  if (connection.state !== 'lost' && !connection.paused) set('connecting');
  stream.open();
  return {
    close: () => {
      stream.close();
      if (current === stream) current = null;
    },
    again: () => stream.open(),
  };
}

export function reconnect() {
  if (!current) return;
  current.failures = 0;
  current.open();
}

export function pause(paused) {
  connection.paused = paused;
  if (paused) {
    current?.stop();
    connection.state = 'paused';
  } else {
    connection.state = 'connecting';
    current?.open();
  }
  tell();
}

const wake = throttle(() => {
  if (!connection.paused && connection.state !== 'live') reconnect();
}, 500);
document.addEventListener('visibilitychange', () => {
  if (!connection.paused) current?.visibility();
});
addEventListener('pageshow', (event) => {
  if (event.persisted) wake();
});
addEventListener('online', wake);
// The server may have gone without a word when this device changed networks.
addEventListener('offline', () => {
  if (!connection.paused) current?.open();
});

// News of a job that a call brought, for whichever page shows it: as good as an event of the stream, and often sooner.
const watchers = new Set();

export const jobChanged = (job) => {
  for (const f of watchers) f(job);
};
export const onJobChanged = (f) => {
  watchers.add(f);
  return () => watchers.delete(f);
};

/** What an event tells, put into the job that is shown. False when the job is as new or newer: versions only rise. */
export function apply(job, event) {
  const version = event.version ?? event.seq;
  if (version === undefined || version <= job.version) return false;
  if (event.version !== undefined) Object.assign(job, event);
  else {
    const {
      status,
      progress,
      current_stage,
      total_shots,
      completed_shots,
      data,
      kind,
      created_at,
    } = event;
    const was = job.status;
    Object.assign(job, {
      status,
      progress,
      current_stage,
      total_shots,
      completed_shots,
      version,
      updated_at: created_at,
    });
    if (kind === 'started') {
      Object.assign(job, {
        attempt: data?.attempt ?? job.attempt + 1,
        worker_id: data?.worker_id ?? job.worker_id,
        error: null,
        started_at: job.started_at ?? created_at,
        run_at: null,
      });
    }
    if (kind === 'retry_scheduled')
      Object.assign(job, { error: data?.error ?? job.error, run_at: data?.run_at ?? null });
    if (kind === 'failed') job.error = data?.error ?? job.error;
    if (kind === 'completed') job.error = null;
    if (kind === 'cancel_requested') job.cancel_requested_at = created_at;
    if (kind === 'retried' || kind === 'recovered')
      Object.assign(job, { run_at: null, completed_at: null });
    if (status !== 'processing')
      Object.assign(job, { lease_expires_at: null, cancel_requested_at: null });
    if (was !== status)
      job.completed_at = status === 'queued' || status === 'processing' ? null : created_at;
  }
  return true;
}
