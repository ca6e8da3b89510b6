// A stream of server-sent events, read with fetch: an EventSource gives up after one 503.
import { API, checkCaller } from './api.js';
import { answered, changeConnection, connection, setState } from './connection.js';
import { now } from '../parts/format.js';

/** A proxy may keep a dead connection open; the server sends something every 15 seconds. */
const SILENCE_MS = 35000;
const LOST_AFTER_MS = 5000;
const POLL_EVERY_MS = 5000;
const REOPEN_ENDED_MS = 15000;
const HIDDEN_EVERY_MS = 30000;
const SNAPSHOT_AFTER_MS = 60000;

const ENDED = ['completed', 'failed', 'cancelled'];

export class Stream {
  /**
   * `path` is under the API. Handlers, all optional: `changes(events)`, `snapshot(data)`,
   * `reset()`, `poll()`, `hidden()`, `gone()`; `ends` when the server ends the stream of its own.
   */
  constructor(path, handlers) {
    Object.assign(this, { path, handlers, timers: {}, failures: 0, queue: [], done: false });
    Object.assign(this, { after: null, behind: false, heardAt: 0 });
    this.flush = this.flush.bind(this);
  }

  open() {
    this.stop();
    if (this.done || document.hidden || connection.paused) return;
    this.terminal = false;
    const controller = new AbortController();
    this.controller = controller;
    const failed = () => this.ended('failed', controller);
    this.read(controller).then((why) => this.ended(why, controller), failed);
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

  address() {
    // After a long absence the events of all jobs may be many: a snapshot is less.
    const long = this.after !== null && Date.now() - this.heardAt > SNAPSHOT_AFTER_MS;
    if (long && !this.handlers.ends) this.forget();
    if (this.after === null) return API + this.path;
    const mark = this.path.includes('?') ? '&' : '?';
    return `${API}${this.path}${mark}after=${encodeURIComponent(this.after)}`;
  }

  /** Reads until the stream ends. Returns `over`, `gone` or `failed`. */
  async read(controller) {
    const { signal } = controller;
    const address = this.address();
    this.watch(controller);
    const headers = { Accept: 'text/event-stream' };
    const response = await fetch(address, { signal, headers, cache: 'no-store' });
    const refused = this.refusal(response);
    if (refused) return refused;
    this.healthy();
    this.heardAt = Date.now();
    if (this.behind) {
      this.behind = false;
      this.handlers.reset?.();
    }
    await this.readLines(response.body.pipeThrough(new TextDecoderStream()), controller);
    return this.terminal ? 'over' : 'failed';
  }

  /** Why the answer is no stream; null when it is one. */
  refusal({ status, ok, body }) {
    checkCaller(status);
    if (status === 204 || status === 404) answered();
    if (status === 204) return 'over';
    if (status === 404) {
      this.handlers.gone?.();
      return 'gone';
    }
    if (status === 400 && this.after !== null) this.forget();
    return ok && body ? null : 'failed';
  }

  async readLines(body, controller) {
    const reader = body.getReader();
    let rest = '';
    let message = {};
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.watch(controller);
      answered();
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

  /** The next stream begins with a snapshot, and the page loads what it shows again. */
  forget() {
    this.after = null;
    this.behind = true;
  }

  take({ event, data, id }) {
    if (id) this.after = id;
    if (!event || !data) return;
    const body = JSON.parse(data);
    if (this.handlers.ends) this.terminal = ENDED.includes(body.status) || body.kind === 'deleted';
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

  /** Events are handed on once a frame, so that a flood of them paints once. */
  flush() {
    this.frame = 0;
    const events = this.queue;
    this.queue = [];
    if (events.length && !this.done) this.handlers.changes?.(events);
  }

  watch(controller) {
    clearTimeout(this.timers.silence);
    this.timers.silence = setTimeout(() => {
      if (controller !== this.controller) return;
      controller.abort();
      this.open();
    }, SILENCE_MS);
  }

  healthy() {
    this.failures = 0;
    clearTimeout(this.timers.lost);
    this.timers.lost = 0;
    clearInterval(this.timers.poll);
    this.timers.poll = 0;
    answered();
    setState('live');
  }

  ended(why, controller) {
    if (controller !== this.controller || this.done) return;
    clearTimeout(this.timers.silence);
    if (why === 'gone') setState('live');
    else if (why === 'over') {
      this.healthy();
      // A client may retry the job.
      this.timers.retry = setTimeout(() => this.open(), REOPEN_ENDED_MS);
    } else this.failed();
  }

  failed() {
    this.failures += 1;
    if (connection.state === 'live') setState('connecting');
    this.suspect();
    if (this.failures >= 3) this.fallBack();
    const wait = Math.min(15000, 500 * 2 ** (this.failures - 1)) * (0.75 + Math.random() / 2);
    this.timers.retry = setTimeout(() => this.open(), wait);
  }

  /** The connection counts as lost when it does not recover in time. */
  suspect() {
    this.timers.lost ||= setTimeout(() => {
      this.timers.lost = 0;
      if (this.done || connection.state === 'live' || connection.state === 'polling') return;
      changeConnection({ state: 'lost', lostSince: connection.lostSince ?? now() });
    }, LOST_AFTER_MS);
  }

  /** A proxy may not let streams through: the page polls until one opens. */
  fallBack() {
    if (this.timers.poll) return;
    const ask = async () => {
      try {
        await this.handlers.poll?.();
        answered();
        if (connection.state !== 'live') setState('polling');
      } catch {
        if (connection.state === 'polling') setState('connecting');
        this.suspect();
      }
    };
    this.timers.poll = setInterval(ask, POLL_EVERY_MS);
    ask();
  }

  /** A hidden tab closes its stream: a browser opens six connections to a server, no more. */
  visibility() {
    clearInterval(this.timers.hidden);
    if (!document.hidden) {
      this.open();
      return;
    }
    this.stop();
    clearTimeout(this.timers.lost);
    this.timers.lost = 0;
    if (this.handlers.hidden) {
      this.timers.hidden = setInterval(() => this.handlers.hidden(), HIDDEN_EVERY_MS);
    }
  }
}
