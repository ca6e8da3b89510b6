import { errorOf } from './errors.js';
import { Retries, retryAfter, unavailable, type Fetch } from './retry.js';
import type { components } from './schema.js';

type Schemas = components['schemas'];

/** A message of a stream. `id` is the position from which another stream can go on. */
export type Message<Snapshot> =
  | { event: 'snapshot'; data: Snapshot; id: string | undefined }
  | { event: 'change'; data: Schemas['Event']; id: string | undefined }
  /** The reader missed something: a snapshot follows. */
  | { event: 'reset'; data: Schemas['StreamReset']; id: string | undefined };

export type JobMessage = Message<Schemas['JobWithShots']>;
export type JobsMessage = Message<Schemas['StreamSnapshot']>;

/** Milliseconds without a byte; the server sends a comment every 15 seconds. */
const SILENCE = 45_000;
const ENDED = ['completed', 'failed', 'cancelled'];

export interface StreamOptions {
  server: string;
  target: string;
  headers: Record<string, string>;
  after: string | undefined;
  signal: AbortSignal | undefined;
  retryFor: number;
  fetch: Fetch;
  /** Whether the stream of a job, which ends with the job, is read. */
  endsWithJob: boolean;
}

/** Reads a stream over as many connections as it takes: nothing is skipped, nothing comes twice. */
export async function* readStream<Snapshot extends object>(
  options: StreamOptions,
): AsyncGenerator<Message<Snapshot>, void, undefined> {
  const { signal } = options;
  let last = options.after;
  let retries = new Retries(options.retryFor);
  for (;;) {
    let cause: unknown = new Error('the stream ends again and again');
    const connection = new Connection(signal);
    try {
      const response = await connection.open(options, last);
      if (response.status === 204) return;
      const isBusy = response.status === 429 || response.status === 503;
      if (isBusy && (await retries.wait(retryAfter(response), signal))) continue;
      if (!response.ok || !response.body) throw await failure(options.server, response);
      for await (const message of connection.messages<Snapshot>(response.body)) {
        last = message.id ?? last;
        message.id = last;
        retries = new Retries(options.retryFor);
        yield message;
        const { data } = message;
        if (options.endsWithJob && 'status' in data && ENDED.includes(data.status)) return;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof BrokenStream)) throw error;
      cause = error.cause;
    } finally {
      connection.close();
    }
    if (!(await retries.wait(undefined, signal))) {
      throw unavailable(options.server, cause, retries.tries, 'GET');
    }
  }
}

class BrokenStream extends Error {}

class Connection {
  readonly #controller = new AbortController();
  readonly #stop: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly signal: AbortSignal | undefined) {
    this.#stop = () => this.#controller.abort(signal?.reason);
    signal?.addEventListener('abort', this.#stop);
    if (signal?.aborted) this.#stop();
  }

  async open(options: StreamOptions, last: string | undefined): Promise<Response> {
    const headers: Record<string, string> = {
      ...options.headers,
      Accept: 'text/event-stream, application/problem+json',
      ...(last === undefined ? {} : { 'Last-Event-ID': last }),
    };
    const request = new Request(options.server + options.target, {
      headers,
      signal: this.#controller.signal,
      cache: 'no-store',
    });
    this.#listen();
    try {
      return await options.fetch(request);
    } catch (error) {
      throw new BrokenStream('no connection', { cause: error });
    }
  }

  async *messages<Snapshot extends object>(
    body: ReadableStream<Uint8Array>,
  ): AsyncGenerator<Message<Snapshot>, void, undefined> {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let text = '';
    for (;;) {
      this.#listen();
      const { value, done } = await reader.read().catch((cause: unknown) => {
        throw new BrokenStream('broken', { cause });
      });
      if (done) return;
      text += decoder.decode(value, { stream: true });
      // A message that is cut off by the end of the connection is not complete.
      for (let end = text.search(/\r?\n\r?\n/); end >= 0; end = text.search(/\r?\n\r?\n/)) {
        const message = parse<Snapshot>(text.slice(0, end));
        text = text.slice(end).replace(/^\r?\n\r?\n/, '');
        if (message) yield message;
      }
    }
  }

  /** Begins to wait for the next bytes. */
  #listen() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(new Error('no bytes in time')), SILENCE);
  }

  close() {
    clearTimeout(this.#timer);
    this.signal?.removeEventListener('abort', this.#stop);
    this.#controller.abort();
  }
}

function parse<Snapshot extends object>(block: string): Message<Snapshot> | undefined {
  let event = '';
  let id: string | undefined;
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') event = value;
    else if (name === 'data') data.push(value);
    else if (name === 'id') id = value;
  }
  if (data.length === 0) return undefined;
  try {
    return { event, id, data: JSON.parse(data.join('\n')) } as Message<Snapshot>;
  } catch (cause) {
    throw new BrokenStream('a message is not JSON', { cause });
  }
}

async function failure(server: string, response: Response): Promise<Error> {
  const body: unknown = await response.json().catch(() => undefined);
  return errorOf(server, response.status, body);
}
