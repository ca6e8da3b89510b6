// Pieces of pages: panels, heads, tables, choices.
import { callFailed } from '../app/live.js';
import { failed, toast } from './dialogs.js';
import { h, put, steady } from './dom.js';
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

/** The frame of a panel. */
export const section = (label, ...content) => h('section.panel', { 'aria-label': label }, content);

/**
 * A panel that loads by itself with `load` and paints with `render(body, data)`. It has a
 * `refresh()`, which throws what its load throws; a failure of the first load is shown in it.
 */
export function panel(title, { load, render, tools, lines = 3, name } = {}) {
  const body = h('div.panel-body');
  const el = h(
    'section',
    { class: `panel ${name ?? ''}`, 'aria-label': title },
    title && h('header', h('h2', title), tools),
    body,
  );
  let turn = 0;
  let shown = false;
  async function refresh() {
    const mine = ++turn;
    const wait = () => {
      body.shown = null;
      put(body, skeleton(lines));
    };
    const timer = shown ? 0 : setTimeout(() => mine === turn && wait(), 200);
    try {
      const data = await load();
      if (mine !== turn) return;
      shown = true;
      steady(body, data, () => render(body, data));
    } catch (error) {
      if (error.name === 'AbortError') return;
      callFailed(error);
      if (mine === turn && !shown) put(body, problemBox(error, refreshQuietly));
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
  const refreshQuietly = () => refresh().catch(() => {});
  return Object.assign(el, { body, refresh, refreshQuietly });
}

/** The clipboard's interface is missing over plain HTTP; selecting a text works there. */
function copyBySelection(text) {
  const area = h('textarea.hidden', { 'aria-hidden': 'true', tabindex: -1, value: text });
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}

export async function copy(text, message = 'Copied') {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    done = copyBySelection(text);
  }
  if (done) toast(message);
  else toast('The browser did not let this be copied.', { tone: 'bad' });
}

export function copyButton(text, label) {
  const props = { 'aria-label': label, title: label, onclick: () => copy(text) };
  return h('button.button.quiet.icon.small', props, icon('copy', 16));
}

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

/** A table that becomes cards on a phone. `columns`: `[head, class]` each. */
export function table(label, columns, rows) {
  const top = columns.map(([text, cls]) => h('th', { scope: 'col', class: cls ?? '' }, text));
  const el = h('table.data', { 'aria-label': label }, h('thead', h('tr', top)), h('tbody', rows));
  return h('div.scroller', el);
}

/** The cells of a row of such a table. */
export const cells = (columns, values) =>
  values.map((value, i) => {
    const [label, cls] = columns[i];
    return h('td', { class: cls ?? '', data: { label } }, value);
  });

/** An entry of a list of names and values; none when there is no value. */
export const fact = (name, value) => value && [h('dt', name), h('dd', value)];

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

/** Loads the next page of a list. */
export function moreButton(run, label = 'Show more') {
  const onclick = async ({ target }) => {
    target.disabled = true;
    try {
      await run();
    } catch (error) {
      failed(error);
      target.disabled = false;
    }
  };
  return h('button.button', { onclick }, label);
}
