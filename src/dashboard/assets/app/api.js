// Calls of the public API, and what their failures mean.
import { BASE } from '../parts/dom.js';
import { learnTime } from '../parts/format.js';

export const API = `${BASE}/api/v1`;

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail ?? body.title ?? 'The server did not answer.');
    const { code = 'unknown', request_id: requestId, errors = [] } = body;
    Object.assign(this, { status, code, requestId, errors });
  }
}

const OFFLINE = {
  code: 'offline',
  detail: 'The server cannot be reached. It may be restarting, or this device is offline.',
};

/** Says to the server that a script of its own page calls, which a session's cookie needs. */
const OWN = { 'X-Callsheet': '1' };

let unauthenticated = () => {};

/** Calls `listener` when a call needs a key. */
export function onUnauthenticated(listener) {
  unauthenticated = listener;
}

/** Looks at the status of any answer. */
export function checkCaller(status) {
  if (status === 401) unauthenticated();
}

function request(method, path, { body, headers: given, signal }) {
  const headers = { ...OWN, ...given };
  const init = { method, signal, cache: 'no-store', headers };
  if (body === undefined) return init;
  const merge = method === 'PATCH' && !path.endsWith('/items');
  const type = merge ? 'application/merge-patch+json' : 'application/json';
  return { ...init, headers: { 'Content-Type': type, ...headers }, body: JSON.stringify(body) };
}

async function ask(path, init) {
  try {
    const response = await fetch(API + path, init);
    return { response, text: await response.text() };
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem(0, OFFLINE);
  }
}

/** Null when it is not JSON, as the answers of proxies are. */
function parse(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/** Returns `{status, text, data, etag, location}`; throws a `Problem` or an `AbortError`. */
export async function send(method, path, { body, headers = {}, signal } = {}) {
  const { response, text } = await ask(path, request(method, path, { body, headers, signal }));
  const { status, ok, headers: answered } = response;
  learnTime(answered.get('Date'));
  const data = parse(text);
  checkCaller(status);
  if (!ok && status !== 304) {
    const detail = `The server answered ${status} without saying why.`;
    throw new Problem(status, data?.detail ? data : { code: 'unknown', detail });
  }
  return { status, text, data, etag: answered.get('ETag'), location: answered.get('Location') };
}

export const get = async (path, options) => (await send('GET', path, options)).data;

export const post = async (path, body, options) =>
  (await send('POST', path, { body, ...options })).data;

export const jobPath = (id, rest = '') => `/jobs/${encodeURIComponent(id)}${rest}`;

/** A query string of the values that are set; a list repeats its name. */
export function query(params) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const one of [value].flat()) if ((one ?? '') !== '') search.append(name, one);
  }
  const text = search.toString();
  return text ? `?${text}` : '';
}

/** `crypto.randomUUID` is missing over plain HTTP. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

/** The address of a file under `/media/` of this server; null for any other path. */
export function mediaUrl(path) {
  if (typeof path !== 'string' || !path) return null;
  const base = `${location.origin}/`;
  if (!URL.canParse(path, base)) return null;
  const url = new URL(path, base);
  const web = url.protocol === 'http:' || url.protocol === 'https:';
  const inside = web && url.origin === location.origin && url.pathname.startsWith('/media/');
  return inside ? url.pathname + url.search : null;
}

const VIDEO = /\.(mp4|m4v|webm|mov|ogv)$/i;

export const isVideo = (url) => VIDEO.test(url.split('?')[0]);
