import type { components } from './schema.js';

export type Problem = components['schemas']['Problem'];

/** A call that the server refused, or that did not reach it. */
export class CallsheetError extends Error {
  override readonly name = 'CallsheetError';

  constructor(
    message: string,
    /** Stable code of the problem, or `server_unavailable` or `not_callsheet`. */
    readonly code: string,
    /** HTTP status; undefined if there was no answer. */
    readonly status?: number,
    readonly problem?: Problem,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Makes the error of an answer. Only a problem with a code is the server's word. */
export function errorOf(server: string, status: number, body: unknown): CallsheetError {
  if (isProblem(body)) {
    const text = `${body.detail} (${body.code}, ${status})`;
    return new CallsheetError(text, body.code, status, body);
  }
  const text =
    `What answers at ${server} is not Callsheet: it answered ${status} with something else. ` +
    'Check the address, and the proxies before the server.';
  return new CallsheetError(text, 'not_callsheet', status);
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'detail' in body;
}
