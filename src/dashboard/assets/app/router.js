// Shows the page of the address. What a page shows is in its URL.
import { clean } from '../parts/text.js';
import { BASE, local, put } from '../parts/dom.js';

let routes = [];
let page = null;
let stamp = 0;
const scrolls = new Map();
const listeners = [];

function route({ path, mount }) {
  const names = [];
  const source = path.replace(/:(\w+)/g, (_, name) => {
    names.push(name);
    return '([^/]+)';
  });
  return { pattern: new RegExp(`^${source}/?$`), names, mount };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function match(path) {
  for (const { pattern, names, mount } of routes) {
    const found = pattern.exec(path);
    if (!found) continue;
    const params = names.map((name, i) => [name, decode(found[i + 1])]);
    return { mount, params: Object.fromEntries(params) };
  }
  return null;
}

const inside = (path) => path.slice(BASE.length) || '/';

export function setTitle(text) {
  const full = text ? `${clean(text)} · Callsheet` : 'Callsheet';
  if (document.title !== full) document.title = full;
}

/** Calls `listener` with the path after each navigation. */
export const onRoute = (listener) => listeners.push(listener);

export function go(url, { replace = false, state = {} } = {}) {
  const to = new URL(local(url), location.href);
  if (!replace) scrolls.set(stamp, scrollY);
  stamp = replace ? stamp : Date.now();
  history[replace ? 'replaceState' : 'pushState']({ ...state, stamp }, '', to);
  show(!replace);
}

/**
 * `mount(root, context)` returns `{update(search), close()}`, both optional. `signal` is aborted
 * and `alive()` false once the page is left, so that a late answer changes nothing.
 */
function mountPage({ mount, params }, path, search, moved) {
  page?.controller.abort();
  page?.shown.close?.();
  const controller = new AbortController();
  const { signal } = controller;
  const root = document.getElementById('main');
  put(root);
  root.dataset.page = path.split('/')[1] || 'overview';
  page = { path, controller, shown: {} };
  page.shown = mount(root, { params, search, signal, alive: () => !signal.aborted });
  if (moved) (root.querySelector('h1') ?? root).focus({ preventScroll: true });
}

function show(moved, scroll = 0) {
  const pathname = inside(location.pathname);
  const search = new URLSearchParams(location.search);
  const to = match(pathname);
  if (!to) {
    location.reload();
    return;
  }
  if (page?.path === pathname) page.shown.update?.(search);
  else mountPage(to, pathname, search, moved);
  if (moved) scrollTo(0, scroll);
  for (const listener of listeners) listener(location.pathname);
}

const opensElsewhere = (event, link) =>
  event.button ||
  event.metaKey ||
  event.ctrlKey ||
  event.shiftKey ||
  event.altKey ||
  link.target ||
  link.hasAttribute('download');

function followLink(event) {
  const link = event.target.closest?.('a[href]');
  if (!link || event.defaultPrevented || opensElsewhere(event, link)) return;
  const to = new URL(link.href, location.href);
  if (to.origin !== location.origin || !match(inside(to.pathname))) return;
  if (to.hash && to.pathname === location.pathname) return;
  event.preventDefault();
  if (to.href !== location.href) go(to);
  else scrollTo(0, 0);
}

function goBack(event) {
  scrolls.set(stamp, scrollY);
  stamp = event.state?.stamp ?? 0;
  const y = scrolls.get(stamp) ?? 0;
  show(true, y);
  // The page is as long as before only when its rows have loaded: scroll once more then.
  const again = () => scrollY === 0 && scrollTo(0, y);
  if (y) setTimeout(again, 250);
}

/** `pages` is a list of `{path, mount}`; a path names its parameters as `:id`. */
export function start(pages) {
  routes = pages.map(route);
  history.scrollRestoration = 'manual';
  document.addEventListener('click', followLink);
  addEventListener('popstate', goBack);
  show(false);
}
