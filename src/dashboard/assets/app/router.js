// Shows the page of the address. What a page shows is in its URL.
import { withStyles } from './styles.js';
import { clean } from '../parts/text.js';
import { BASE, h, local, put } from '../parts/dom.js';

let routes = [];
let page = null;
let stamp = 0;
const scrolls = new Map();
const listeners = [];

function route({ path, load }) {
  const names = [];
  const source = path.replace(/:(\w+)/g, (_, name) => {
    names.push(name);
    return '([^/]+)';
  });
  return { pattern: new RegExp(`^${source}/?$`), names, load, module: null };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function match(path) {
  for (const one of routes) {
    const found = one.pattern.exec(path);
    if (!found) continue;
    const params = one.names.map((name, i) => [name, decode(found[i + 1])]);
    return { route: one, params: Object.fromEntries(params) };
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

async function loadModule(one) {
  one.module ??= await withStyles(one.load());
  return one.module;
}

/** A module that is not there belongs to another version of the server, or there is no server. */
function showUnloaded(root) {
  const again = { onclick: () => location.reload() };
  const text = h('p', h('strong', 'This page could not be loaded. '));
  put(root, h('div.problem', { role: 'alert' }, text, h('button.button', again, 'Load again')));
}

/** Ends the page that is shown, and begins another. */
function leave(path, search) {
  page?.controller.abort();
  page?.shown.close?.();
  const root = document.getElementById('main');
  put(root);
  root.dataset.page = path.split('/')[1] || 'overview';
  page = { path, search, root, controller: new AbortController(), shown: {} };
  return page;
}

/**
 * `mount(root, context)` returns `{update(search), close()}`, both optional. `signal` is aborted
 * and `alive()` false once the page is left, so that a late answer changes nothing.
 */
function mountPage(mine, { mount }, params, moved) {
  const { root, search, controller } = mine;
  const { signal } = controller;
  mine.shown = mount(root, { params, search, signal, alive: () => !signal.aborted });
  if (moved) (root.querySelector('h1') ?? root).focus({ preventScroll: true });
}

function open({ route: one, params }, path, search, moved) {
  const mine = leave(path, search);
  if (one.module) {
    mountPage(mine, one.module, params, moved);
    return;
  }
  loadModule(one).then(
    (module) => mine === page && mountPage(mine, module, params, moved),
    () => mine === page && showUnloaded(mine.root),
  );
}

function show(moved, scroll = 0) {
  const pathname = inside(location.pathname);
  const search = new URLSearchParams(location.search);
  const to = match(pathname);
  if (!to) {
    location.reload();
    return;
  }
  if (page?.path === pathname) {
    page.search = search;
    page.shown.update?.(search);
  } else open(to, pathname, search, moved);
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

/** Loads the pages that were not shown yet, so that they open without waiting for the server. */
export async function loadPages() {
  await Promise.all(routes.map(loadModule));
  document.documentElement.dataset.pages = 'loaded';
}

/** `pages` is a list of `{path, load}`; a path names its parameters as `:id`. */
export function start(pages) {
  routes = pages.map(route);
  history.scrollRestoration = 'manual';
  document.addEventListener('click', followLink);
  addEventListener('popstate', goBack);
  show(false);
}
