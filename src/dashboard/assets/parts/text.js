// Texts of users: shown in their own direction, with their control characters visible.
import { h } from './dom.js';

/**
 * Characters that reorder, hide or end a line. Joiners are not among them: emoji and several
 * scripts need those.
 */
const MARKS = new RegExp(
  '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f' +
    '\\u2028\\u2029\\u202a-\\u202e\\u2060-\\u2064\\u2066-\\u2069\\ufeff\\ufff9-\\ufffb]',
);

const ALL_MARKS = new RegExp(MARKS.source, 'g');

function mark(character) {
  const code = character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
  return h('span.mark', { title: `Control character U+${code}` }, `U+${code}`);
}

/** The text as an element that isolates its direction; `fallback` in place of an empty one. */
export function user(text, fallback = '') {
  const el = h('bdi', { dir: 'auto' });
  const value = (text ?? '') === '' ? fallback : String(text);
  if (!MARKS.test(value)) {
    el.textContent = value;
    return el;
  }
  let plain = '';
  for (const character of value) {
    if (!MARKS.test(character)) plain += character;
    else {
      el.append(plain, mark(character));
      plain = '';
    }
  }
  el.append(plain);
  return el;
}

/** The text for titles of the document and names of controls, which take no elements. */
export const clean = (text) => String(text ?? '').replace(ALL_MARKS, '\u00b7');

export const jobUrl = (id) => `/jobs/${encodeURIComponent(id)}`;

export const jobTitle = (job) => user(job.project_title, job.job_id);

export const jobName = (job) => clean(job.project_title || job.job_id);

/** The first line of an error. */
export const firstLine = (text) => text.split('\n')[0];
