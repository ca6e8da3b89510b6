// Pages of panels that load again when something changes.
import { Again } from '../app/again.js';
import { get } from '../app/api.js';
import { follow } from '../app/live.js';
import { setTitle } from '../app/router.js';
import { h, patch, put, throttleQuietly } from './dom.js';
import { moreButton, panel } from './panel.js';
import { head } from './ui.js';
import { unload } from './video.js';

/** Loads the panels again at most once in `every` milliseconds. */
export function panelPage(root, title, panels, signal, { every = 2000, tools = [], sub } = {}) {
  setTitle(typeof title === 'string' ? title : '');
  put(root, head(title, sub, tools), panels);
  const all = () => Promise.all(panels.map((one) => one.refresh()));
  const load = () =>
    all().then(
      () => again.succeeded(),
      (error) => again.failed(error),
    );
  const again = new Again(load, signal);
  const soon = throttleQuietly(all, every);
  load();
  const stream = follow('/events/stream', { changes: soon, reset: soon, poll: all });
  const timer = setInterval(() => !document.hidden && soon(), 5000);
  const close = () => {
    stream.close();
    soon.cancel();
    clearInterval(timer);
    unload();
  };
  return { close };
}

/** The line below the title: the list that a page belongs to, and its id. */
export const trail = (name, href, id) => h('span', h('a', { href }, name), ' / ', h('code', id));

/**
 * A panel with `field` of the answers of `url(cursor)`, page after page on request.
 * `render(rows)` returns the content.
 */
export function listPanel(title, { field, url, signal, render, ...props }) {
  let pages = 1;
  const load = async () => {
    const rows = [];
    let cursor;
    let n = 0;
    do {
      const page = await get(url(cursor), { signal });
      rows.push(...page[field]);
      cursor = page.next_cursor ?? page.next_after ?? null;
      n += 1;
    } while (n < pages && cursor !== null);
    return { rows, more: cursor !== null };
  };
  const next = () => {
    pages += 1;
    return el.refresh();
  };
  const paint = (body, { rows, more }) => patch(body, render(rows), more && moreButton(next));
  const el = panel(title, { ...props, load, render: paint });
  return el;
}
