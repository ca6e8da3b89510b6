// Which page is shown. What a page shows is in its URL; a late answer of a page that was left changes nothing.
import { clean, put } from './dom.js';

const routes = [];
let page = null;
let stamp = 0;

/** `mount(root, context)` answers with `{update(search), close()}`, each of them optional. */
export function route(pattern, mount) {
  const names = [];
  const source = pattern.replace(/:(\w+)/g, (_, name) => {
    names.push(name);
    return '([^/]+)';
  });
  routes.push({ exp: new RegExp(`^${source}/?$`), names, mount });
}

const match = (path) => {
  for (const { exp, names, mount } of routes) {
    const found = exp.exec(path);
    if (found)
      return {
        mount,
        params: Object.fromEntries(names.map((name, i) => [name, decode(found[i + 1])])),
      };
  }
  return null;
};

const decode = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

export function setTitle(text) {
  const full = text ? `${clean(text)} · Callsheet` : 'Callsheet';
  if (document.title !== full) document.title = full;
}

export function go(url, { replace = false, state = {} } = {}) {
  const to = new URL(url, location.href);
  if (!replace) scrolls.set(stamp, scrollY);
  stamp = replace ? stamp : Date.now();
  history[replace ? 'replaceState' : 'pushState']({ ...state, stamp }, '', to);
  show(!replace);
}

const scrolls = new Map();

function show(moved, restore) {
  const { pathname, search } = location;
  const to = match(pathname);
  if (!to) {
    location.reload();
    return;
  }
  if (page && page.path === pathname) {
    page.update?.(new URLSearchParams(search));
  } else {
    page?.controller.abort();
    page?.close?.();
    const controller = new AbortController();
    const root = document.getElementById('main');
    put(root);
    root.dataset.page = pathname.split('/')[1] || 'overview';
    const context = {
      params: to.params,
      search: new URLSearchParams(search),
      signal: controller.signal,
      alive: () => !controller.signal.aborted,
    };
    page = { path: pathname, controller, ...to.mount(root, context) };
    if (moved) (root.querySelector('h1') ?? root).focus({ preventScroll: true });
  }
  if (moved) scrollTo(0, restore ?? 0);
  for (const f of after) f(pathname);
}

const after = [];
/** Called after each navigation with the path. */
export const onRoute = (f) => after.push(f);

export function start() {
  history.scrollRestoration = 'manual';
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href]');
    if (
      !link ||
      event.defaultPrevented ||
      event.button ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey ||
      link.target ||
      link.hasAttribute('download')
    )
      return;
    const to = new URL(link.href, location.href);
    if (
      to.origin !== location.origin ||
      !match(to.pathname) ||
      (to.hash && to.pathname === location.pathname)
    )
      return;
    event.preventDefault();
    if (to.href !== location.href) go(to);
    else scrollTo(0, 0);
  });
  addEventListener('popstate', (event) => {
    scrolls.set(stamp, scrollY);
    stamp = event.state?.stamp ?? 0;
    const y = scrolls.get(stamp) ?? 0;
    show(true, y);
    // The rows that were there come with an answer: try again when they are likely to be back.
    if (y)
      setTimeout(() => {
        if (scrollY === 0) scrollTo(0, y);
      }, 250);
  });
  show(false);
}
