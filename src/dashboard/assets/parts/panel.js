// Panels that load by themselves, and the tables and facts in them.
import { callFailed } from '../app/live.js';
import { h, put, steady } from './dom.js';
import { failed } from './on-demand.js';
import { problemBox, skeleton } from './ui.js';

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
