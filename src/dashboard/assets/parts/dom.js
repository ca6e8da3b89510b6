// Makes elements out of text. Nothing in the dashboard parses markup.

const SVG = 'http://www.w3.org/2000/svg';

/** Where a proxy publishes the server. */
export const BASE = document.documentElement.dataset.base ?? '';
export const local = (path) => (path[0] === '/' ? BASE + path : path);

const PROPERTIES = ['value', 'checked', 'indeterminate'];

const absent = (value) => value === null || value === undefined || value === false;

/** Sets the handler of an event; `patch` may exchange it later. */
function listen(el, type, handler) {
  el.heard ??= {};
  if (!el.heard[type]) el.addEventListener(type, (event) => el.heard[type](event));
  el.heard[type] = handler;
}

function setProp(el, name, value) {
  if (name.startsWith('on')) listen(el, name.slice(2), value);
  else if (name === 'style') {
    for (const [property, text] of Object.entries(value)) el.style.setProperty(property, text);
  } else if (name === 'data') Object.assign(el.dataset, value);
  else if (PROPERTIES.includes(name)) el[name] = value;
  else if (name === 'href' || name === 'src') el.setAttribute(name, local(value));
  else el.setAttribute(name, value === true ? '' : value);
}

function add(el, children) {
  for (const child of children) {
    if (absent(child)) continue;
    if (Array.isArray(child)) add(el, child);
    else el.append(child);
  }
}

function fill(el, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (!absent(value)) setProp(el, name, value);
  }
  add(el, children);
  return el;
}

const isProps = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Node);

/** An element with classes, as in `h('p.small.bad', {title}, 'text')`; properties are optional. */
export function h(tag, props, ...children) {
  const [name, ...classes] = tag.split('.');
  const el = document.createElement(name);
  if (classes.length) el.className = classes.join(' ');
  if (name === 'button') el.type = 'button';
  return isProps(props) ? fill(el, props, children) : fill(el, null, [props, ...children]);
}

/** An SVG element. */
export const s = (tag, props, ...children) =>
  fill(document.createElementNS(SVG, tag), props, children);

/** Replaces the children of `el`. */
export function put(el, ...children) {
  el.replaceChildren();
  add(el, children);
  return el;
}

/** Attributes that belong to the reader or to the connection, not to what is shown. */
const KEPT = ['open', 'aria-disabled'];

const keyOf = (node) => node?.dataset?.key ?? null;

/** A ticking element writes its own text, so it is kept only if it shows the same time. */
function isAlike(old, next) {
  if (old?.nodeName !== next.nodeName || keyOf(old) !== keyOf(next)) return false;
  if (!old.ticks && !next.ticks) return true;
  return Boolean(old.dateTime) && old.dateTime === next.dateTime;
}

function patchNode(old, next) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== next.data) old.data = next.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!next.hasAttribute(name) && !KEPT.includes(name)) old.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (old.getAttribute(name) === value || KEPT.includes(name)) continue;
    if (name === 'style') old.style.cssText = next.style.cssText;
    else old.setAttribute(name, value);
  }
  for (const [type, handler] of Object.entries(next.heard ?? {})) listen(old, type, handler);
  if (!old.ticks) patchChildren(old, next);
}

function patchChildren(el, next) {
  const wanted = new Set(Array.from(next.children, keyOf));
  const kept = new Map();
  // What is gone goes first, so that nothing that stays has to be moved, which would blur it.
  for (const child of [...el.children]) {
    const key = keyOf(child);
    if (key === null) continue;
    if (wanted.has(key)) kept.set(key, child);
    else child.remove();
  }
  let at = el.firstChild;
  for (const child of [...next.childNodes]) {
    const key = keyOf(child);
    const old = key === null ? at : kept.get(key);
    if (!isAlike(old, child)) {
      el.insertBefore(child, at);
      if (key === null && at && keyOf(at) === null) {
        at = at.nextSibling;
        child.nextSibling.remove();
      }
      continue;
    }
    if (old === at) at = at.nextSibling;
    else el.insertBefore(old, at);
    patchNode(old, child);
  }
  while (at) {
    const rest = at.nextSibling;
    at.remove();
    at = rest;
  }
}

/**
 * As `put`, but keeps the elements that are there, so that focus, selections and open parts stay.
 * Children with `data: {key}` are matched by it, all others by their place.
 */
export function patch(el, ...children) {
  const next = el.cloneNode(false);
  add(next, children);
  const { activeElement: focused } = document;
  patchChildren(el, next);
  if (focused !== document.activeElement && el.contains(focused)) {
    focused.focus({ preventScroll: true });
  }
  return el;
}

/** Sets a text if it differs: an equal one would reset a selection in it. */
export function setText(el, text) {
  if (el.textContent !== text) el.textContent = text;
}

/** Calls `paint` if `shown` differs from the last call, so that focus and open parts stay. */
export function steady(el, shown, paint) {
  const key = JSON.stringify(shown) ?? '';
  if (el.shown === key) return;
  el.shown = key;
  paint();
}

/** Matches the children of `parent` to `items`; the element of an item that stays is kept. */
export function keyed(parent, items, key, make, update) {
  const old = parent.kept ?? new Map();
  const rows = new Map();
  const ids = new Set(items.map(key));
  // What is gone goes first, so that nothing that stays has to be moved, which would blur it.
  for (const [id, row] of old) if (!ids.has(id)) row.remove();
  let at = parent.firstElementChild;
  for (const item of items) {
    const id = key(item);
    const row = old.get(id) ?? make(item);
    rows.set(id, row);
    if (row === at) at = at.nextElementSibling;
    else parent.insertBefore(row, at);
    update?.(row, item);
  }
  parent.kept = rows;
}

/** Calls `f` at most once in `ms` milliseconds; the last call always runs. */
export function throttle(f, ms) {
  let timer = 0;
  let last = -Infinity;
  const run = () => {
    timer = 0;
    last = performance.now();
    f();
  };
  const call = () => {
    timer ||= setTimeout(run, Math.max(0, last + ms - performance.now()));
  };
  call.cancel = () => {
    clearTimeout(timer);
    timer = 0;
  };
  return call;
}

/** As `throttle`, of an async `f` whose failures the next call makes up for. */
export const throttleQuietly = (f, ms) => throttle(() => f().catch(() => {}), ms);

/** Local storage; without effect where the browser blocks it or it is full. */
export const store = {
  get(name) {
    try {
      return localStorage.getItem(`callsheet.${name}`);
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      if (value === null) localStorage.removeItem(`callsheet.${name}`);
      else localStorage.setItem(`callsheet.${name}`, value);
    } catch {
      // The page works without it.
    }
  },
};
