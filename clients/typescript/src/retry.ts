import { CREATING } from './creating.js';
import { CallsheetError } from './errors.js';

const BASE_DELAY = 100;
const MAX_DELAY = 5_000;

export type Fetch = (request: Request) => Promise<Response>;

export interface RetryOptions {
  /** URL of the server, for messages. */
  server: string;
  /** Milliseconds after the first failure in which another try may begin. */
  retryFor: number;
  /** Milliseconds until the answer has to begin, besides the time that the call asks to wait. */
  timeout: number;
  fetch: Fetch;
}

/** Waits that double from 0.1 s to 5 s, with jitter. */
export class Retries {
  #until: number | undefined;
  tries = 0;

  constructor(private readonly retryFor: number) {}

  /** Waits before another try. Returns false, without waiting, if the time is over before. */
  async wait(atLeast?: number, signal?: AbortSignal): Promise<boolean> {
    this.#until ??= Date.now() + this.retryFor;
    const step = Math.min(MAX_DELAY, BASE_DELAY * 2 ** Math.min(this.tries, 10));
    const delay = step * (0.5 + Math.random() / 2);
    // All clients get the same number, and should not return at once.
    const whole = atLeast === undefined ? delay : atLeast + delay / 4;
    if (Date.now() + whole > this.#until) return false;
    this.tries += 1;
    await sleep(whole, signal);
    return true;
  }
}

/** Makes a fetch that repeats calls which the server could not take, where that does no harm. */
export function retrying(options: RetryOptions): Fetch {
  return async (request) => {
    const repeatable = prepare(request, options.server);
    const retries = new Retries(options.retryFor);
    for (;;) {
      let response: Response;
      try {
        response = await once(options, request.clone());
      } catch (error) {
        if (request.signal.aborted) throw error;
        if (repeatable && (await retries.wait(undefined, request.signal))) continue;
        throw unavailable(options.server, error, retries.tries, request.method);
      }
      const isRefused = response.status === 429 || (response.status === 503 && repeatable);
      if (!isRefused || !(await retries.wait(retryAfter(response), request.signal)))
        return response;
      await response.body?.cancel();
    }
  };
}

/** Adds a key to calls that create. Returns whether a call does no harm a second time. */
function prepare(request: Request, server: string): boolean {
  const path = new URL(request.url).pathname.slice(
    new URL(server).pathname.replace(/\/$/, '').length,
  );
  const matches = (pattern: string) =>
    new RegExp(`^${pattern.replace(/\{[^}]*\}/g, '[^/]*')}$`).test(path);
  if (request.method === 'POST' && CREATING.some(matches)) {
    if (!request.headers.has('Idempotency-Key')) {
      request.headers.set('Idempotency-Key', crypto.randomUUID());
    }
    return true;
  }
  // Its own first try would be the other change that it must not override.
  return request.method !== 'POST' && !request.headers.has('If-Match');
}

async function once(options: RetryOptions, request: Request): Promise<Response> {
  const wait = Number(new URL(request.url).searchParams.get('wait') ?? 0) * 1000;
  const silence = new AbortController();
  const timer = setTimeout(
    () => silence.abort(new Error('no answer in time')),
    options.timeout + (Number.isFinite(wait) ? wait : 0),
  );
  const stop = () => silence.abort(request.signal.reason);
  request.signal.addEventListener('abort', stop);
  try {
    return await options.fetch(new Request(request, { signal: silence.signal }));
  } finally {
    clearTimeout(timer);
    // The body may still come: then only the caller's own signal ends it.
    if (!request.signal.aborted) request.signal.removeEventListener('abort', stop);
  }
}

export function unavailable(
  server: string,
  cause: unknown,
  tries: number,
  method: string,
): CallsheetError {
  const tried = tries > 0 ? ` after ${tries + 1} tries` : '';
  const unknown = method === 'GET' ? '' : '; it may have received the call';
  const text =
    `The server ${server} did not answer${tried}: ${reason(cause)}${unknown}. ` +
    'Check that it runs, and the address.';
  return new CallsheetError(text, 'server_unavailable', undefined, undefined, { cause });
}

/** The innermost cause says what happened; fetch itself says only that it failed. */
function reason(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause !== undefined) deepest = deepest.cause;
  if (!(deepest instanceof Error)) return String(deepest);
  return deepest.message || ('code' in deepest ? String(deepest.code) : deepest.name);
}

/** Milliseconds of `Retry-After`; a date, which proxies may send, is not read. */
export function retryAfter(response: Response): number | undefined {
  const text = response.headers.get('Retry-After') ?? '';
  return /^[0-9]{1,5}$/.test(text) ? Number(text) * 1000 : undefined;
}

function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
