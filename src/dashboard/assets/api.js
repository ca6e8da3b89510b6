// Calls of the public API, and what their failures mean.
import { learnTime } from './format.js';

export const API = '/api/v1';

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail ?? body.title ?? 'The server did not answer.');
    Object.assign(this, {
      status,
      code: body.code ?? 'unknown',
      requestId: body.request_id,
      errors: body.errors ?? [],
    });
  }
}

const OFFLINE = {
  code: 'offline',
  detail: 'The server cannot be reached. It may be restarting, or this device is offline.',
};

/** Answers with `{status, text, data, etag}`; throws a `Problem`, or an AbortError. */
export async function send(method, path, { body, headers = {}, signal } = {}) {
  let response, text;
  try {
    response = await fetch(API + path, {
      method,
      signal,
      cache: 'no-store',
      headers:
        body === undefined
          ? headers
          : {
              'Content-Type':
                method === 'PATCH' && !path.endsWith('/items')
                  ? 'application/merge-patch+json'
                  : 'application/json',
              ...headers,
            },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    text = await response.text();
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem(0, OFFLINE);
  }
  learnTime(response.headers.get('Date'));
  let data = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    /* not from Callsheet: a proxy speaks */
  }
  if (!response.ok && response.status !== 304) {
    throw new Problem(
      response.status,
      data?.detail
        ? data
        : { code: 'unknown', detail: `The server answered ${response.status} without saying why.` },
    );
  }
  return {
    status: response.status,
    text,
    data,
    etag: response.headers.get('ETag'),
    location: response.headers.get('Location'),
  };
}

export const get = async (path, options) => (await send('GET', path, options)).data;
export const post = async (path, body, options) =>
  (await send('POST', path, { body, ...options })).data;

export const jobPath = (id, rest = '') => `/jobs/${encodeURIComponent(id)}${rest}`;

/** A query string of what is set; a list repeats its name. */
export function query(params) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== null && one !== undefined && one !== '') search.append(name, one);
  }
  const text = search.toString();
  return text ? `?${text}` : '';
}

/** Not every page is served where `randomUUID` is to be had: a phone asks over plain HTTP. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

/** The address of a file that this server gives out, or null: a path of a job is a link only when it stays here. */
export function mediaUrl(path) {
  if (typeof path !== 'string' || !path) return null;
  let url;
  try {
    url = new URL(path, location.origin + '/');
  } catch {
    return null;
  }
  const inside =
    url.origin === location.origin &&
    url.pathname.startsWith('/media/') &&
    (url.protocol === 'http:' || url.protocol === 'https:');
  return inside ? url.pathname + url.search : null;
}

const VIDEO = /\.(mp4|m4v|webm|mov|ogv)$/i;
export const isVideo = (url) => VIDEO.test(url.split('?')[0]);
