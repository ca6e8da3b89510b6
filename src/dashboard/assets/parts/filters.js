// The filter of the job list, as typed words, chips, parameters of the URL and bodies of the API.
import { STATUSES } from './status.js';

export const NAMES = {
  status: 'status',
  type: 'job_type',
  mode: 'mode',
  series: 'series_id',
  episode: 'episode_id',
  creator: 'created_by',
  label: 'label',
  after: 'created_after',
  before: 'created_before',
  ended_after: 'ended_after',
  ended_before: 'ended_before',
  worker: 'worker_id',
  error: 'error',
};
const SHOWN = Object.fromEntries(Object.entries(NAMES).map(([word, name]) => [name, word]));

/** The filter that a URL names. */
export function fromUrl(search) {
  const filter = {};
  for (const name of [...Object.values(NAMES), 'q']) {
    const all = search.getAll(name).filter(Boolean);
    if (all.length) filter[name] = name === 'label' ? [...new Set(all)] : all[0];
  }
  return filter;
}

/** [{name, value, text}] of a filter, without the words. */
export const chips = (filter) =>
  Object.entries(filter)
    .filter(([name]) => name !== 'q')
    .flatMap(([name, value]) =>
      [value].flat().map((one) => ({
        name,
        value: one,
        text: `${SHOWN[name]}:${quoted(one)}`,
      })),
    );

export const inWords = (filter) =>
  [...chips(filter).map((chip) => chip.text), filter.q].filter(Boolean).join(' ') || 'all jobs';

const MOMENT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;
const AGO = /^(\d+)(m|h|d|w)$/;
const UNIT = { m: 60, h: 3600, d: 86400, w: 604800 };

/** A time as people type it: a date, a moment, or how long ago. */
function time(text, now) {
  const ago = AGO.exec(text);
  if (ago) return new Date(now - ago[1] * UNIT[ago[2]] * 1000).toISOString().slice(0, 19) + 'Z';
  if (text === 'today') {
    const d = new Date(now);
    d.setHours(0, 0, 0, 0);
    return d.toISOString().slice(0, 19) + 'Z';
  }
  if (!MOMENT.test(text)) return null;
  const at = new Date(text.length === 10 ? `${text}T00:00` : text);
  return Number.isNaN(at.getTime()) ? null : at.toISOString().replace('.000', '');
}

const CHECKS = {
  status: (v) => (STATUSES.includes(v) ? v : `use one of ${STATUSES.join(', ')}`),
  label: (v) => (/^[A-Za-z0-9._/-]{1,63}=/.test(v) ? v : 'use label:key=value'),
};

const EXAMPLES = 'use a date such as 2026-01-31, a moment, 24h, 7d or today';

/** `[name, value]` of a typed filter, or `{bad}` with what is wrong with it. */
function readFilter(key, value, now) {
  const name = NAMES[key] ?? (SHOWN[key] ? key : null);
  if (!name) {
    const all = Object.keys(NAMES).join(', ');
    return { bad: `${key}: is not a filter; use ${all}, or put the words in quotes` };
  }
  if (!value) return { bad: `write a value after ${key}:` };
  if (/^(created|ended)_/.test(name)) {
    const at = time(value, now);
    return at ? { found: [name, at] } : { bad: EXAMPLES };
  }
  const checked = CHECKS[name]?.(value) ?? value;
  return checked === value ? { found: [name, value] } : { bad: checked };
}

/** Splits a typed text into filters to add, wrong ones with the reason, and words to search. */
export function parse(text, now = Date.now()) {
  const found = [];
  const bad = [];
  const words = [];
  for (const [token] of text.matchAll(/(?:[^\s"]|"[^"]*")+/g)) {
    const colon = token.indexOf(':');
    const key = token.slice(0, colon);
    if (token[0] === '-' && NAMES[key.slice(1)]) bad.push([token, 'a filter cannot be negated']);
    else if (colon < 1 || !/^[a-z_]+$/.test(key)) words.push(token.replaceAll('"', ''));
    else {
      const one = readFilter(key, token.slice(colon + 1).replaceAll('"', ''), now);
      if (one.bad) bad.push([token, one.bad]);
      else found.push(one.found);
    }
  }
  return { found, bad, words: words.join(' ') };
}

/** A value as it is typed behind its name. */
export const quoted = (value) => (/\s/.test(value) ? JSON.stringify(value) : value);

/** A filter with one more condition. */
export function plus(filter, name, value) {
  if (name === 'label') return { ...filter, label: [...new Set([...(filter.label ?? []), value])] };
  return { ...filter, [name]: value };
}

export function minus(filter, name, value) {
  const rest = { ...filter };
  const kept = [filter[name] ?? []].flat().filter((one) => one !== value);
  if (kept.length) rest[name] = kept;
  else delete rest[name];
  return rest;
}

/** The filter as the body of an action has it. */
export function toAction(filter) {
  const { label, status, ...rest } = filter;
  const pair = (text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)];
  return {
    ...rest,
    ...(status && { status: [status] }),
    ...(label && { labels: Object.fromEntries(label.map(pair)) }),
  };
}

export const isFiltered = (filter) => Object.keys(filter).length > 0;
