// Pieces of every page: heads, choices, and what stands where nothing is.
import { h, put } from './dom.js';
import { icon } from './icons.js';
import { user } from './text.js';

export const skeleton = (lines) =>
  h(
    'div.skeleton',
    { 'aria-hidden': 'true' },
    Array.from({ length: lines }, () => h('div')),
  );

/** A failed call, with the number of the request in the server's log. `again` loads once more. */
export function problemBox(error, again) {
  const missing = error.status === 404;
  const title = missing ? 'Not found. ' : 'This could not be loaded. ';
  return h(
    'div.problem',
    { role: 'alert' },
    h('p', h('strong', title), user(error.message)),
    error.requestId && h('p.small', 'Request ', h('code', error.requestId)),
    again && !missing && h('button.button', { onclick: again }, icon('retry', 16), 'Retry'),
  );
}

export const empty = (title, text, ...next) =>
  h('div.empty', h('p.strong', title), h('p', text), next.length > 0 && h('p.row.center', next));

/** A button of an action, which needs a connection. */
export const actionButton = (label, name, onclick, cls = '') =>
  h(
    'button',
    { class: `button act ${cls}`, type: 'button', onclick },
    icon(name, 18),
    h('span', label),
  );

/** The head of a page: its one `h1`, a line below it, and tools. */
export const head = (title, sub, ...tools) =>
  h(
    'div.head',
    h('div', h('h1', { tabindex: -1 }, title), sub && h('p.sub', sub)),
    h('div.row.tools', tools),
  );

/** One of a few options, as buttons in a row. */
export function choice(label, options, value, pick) {
  const el = h('div.choice', { role: 'group', 'aria-label': label });
  const choose = (key) => {
    show(key);
    pick(key);
    el.querySelector('[aria-pressed=true]').focus();
  };
  const option = (key, text, pressed) =>
    h('button', { 'aria-pressed': String(pressed), onclick: () => choose(key) }, text);
  const show = (pressed) =>
    put(
      el,
      options.map(([key, text]) => option(key, text, key === pressed)),
    );
  show(value);
  return el;
}
