// Elements, from text only: nothing here, and nothing elsewhere, ever parses markup.

const SVG = 'http://www.w3.org/2000/svg';

function fill(el, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) el.addEventListener(name.slice(2), value);
    else if (name === 'style')
      for (const [k, v] of Object.entries(value)) el.style.setProperty(k, v);
    else if (name === 'data') Object.assign(el.dataset, value);
    else if (name === 'value' || name === 'checked' || name === 'indeterminate') el[name] = value;
    else el.setAttribute(name, value === true ? '' : value);
  }
  add(el, children);
  return el;
}

function add(el, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) add(el, child);
    else el.append(child);
  }
}

const isProps = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Node);

/** `h('p.small.bad', {title}, 'text', …)`: an element with classes; the properties may be left out. */
export function h(tag, props, ...children) {
  const [name, ...classes] = tag.split('.');
  const el = document.createElement(name);
  if (classes.length) el.className = classes.join(' ');
  if (name === 'button') el.type = 'button';
  return isProps(props) ? fill(el, props, children) : fill(el, null, [props, ...children]);
}

export const s = (tag, props, ...children) =>
  fill(document.createElementNS(SVG, tag), props, children);

export function put(el, ...children) {
  el.replaceChildren();
  add(el, children);
  return el;
}

/** Sets a text, and touches the document only when it differs. */
export function setText(el, text) {
  if (el.textContent !== text) el.textContent = text;
}

const ICONS = {
  menu: 'M4 8h.01M12 8h.01M20 8h.01',
  retry: 'M4 12a8 8 0 1 0 3-6.2M4 4v4h4',
  cancel: 'M6 6l12 12M18 6L6 18',
  trash: 'M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12',
  copy: 'M9 9h10v10H9zM15 9V5H5v10h4',
  back: 'M15 5l-7 7 7 7',
  next: 'M9 5l7 7-7 7',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M19 5l-1.4 1.4M6.4 17.6 5 19',
  moon: 'M20 14.5A8 8 0 1 1 9.5 4a6.5 6.5 0 0 0 10.5 10.5z',
  auto: 'M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14M16 16l4 4',
  plus: 'M12 5v14M5 12h14',
  help: 'M9 9a3 3 0 1 1 4 2.8c-.7.3-1 .8-1 1.7M12 17.5v.01',
  home: 'M4 11l8-7 8 7v9h-5v-6H9v6H4z',
  list: 'M9 6h11M9 12h11M9 18h11M4 6h.01M4 12h.01M4 18h.01',
  film: 'M4 5h16v14H4zM8 5v14M16 5v14M4 9h4M4 15h4M16 9h4M16 15h4',
  filter: 'M4 6h16M7 12h10M10 18h4',
  up: 'M12 19V5M6 11l6-6 6 6',
  play: 'M8 5l11 7-11 7z',
  link: 'M14 5h5v5M19 5l-8 8M11 6H6v12h12v-5',
  dots: 'M5 12h.01M12 12h.01M19 12h.01',
  pause: 'M9 5v14M15 5v14',
};

export const icon = (name, size = 20) =>
  s(
    'svg',
    { viewBox: '0 0 24 24', width: size, height: size, class: 'icon', 'aria-hidden': 'true' },
    s('path', {
      d: ICONS[name],
      fill: 'none',
      stroke: 'currentColor',
      'stroke-width': name === 'dots' ? 3 : 2,
      'stroke-linecap': 'round',
      'stroke-linejoin': 'round',
    }),
  );

// What could turn a line around, hide in it, or end it: shown, not obeyed. Joiners stay, since emoji and scripts need them.
const MARKS =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb]/;

/** Text of a user: isolated, in its own direction, its control marks visible. */
export function user(text, fallback = '') {
  const el = h('bdi', { dir: 'auto' });
  const value = text === null || text === undefined || text === '' ? fallback : String(text);
  if (!MARKS.test(value)) {
    el.textContent = value;
    return el;
  }
  let plain = '';
  for (const c of value) {
    if (!MARKS.test(c)) {
      plain += c;
      continue;
    }
    const code = c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
    el.append(plain, h('span.mark', { title: `Control character U+${code}` }, `U+${code}`));
    plain = '';
  }
  el.append(plain);
  return el;
}

/** The same as plain text, for titles of the document and names of controls. */
export const clean = (text) => String(text ?? '').replace(new RegExp(MARKS.source, 'g'), '\u00b7');

export const jobUrl = (id) => `/jobs/${encodeURIComponent(id)}`;
export const jobTitle = (job) => user(job.project_title, job.job_id);
export const jobName = (job) => clean(job.project_title || job.job_id);

/** Paints only when what `el` shows differs, so that focus and what is open stay. */
export function steady(el, shown, paint) {
  const key = JSON.stringify(shown) ?? '';
  if (el.shown === key) return;
  el.shown = key;
  paint();
}

/** Brings the children of `parent` in line with `items`, keeping the elements (and focus) of those that stay. */
export function keyed(parent, items, key, make, update) {
  const old = parent.kept ?? new Map();
  const rows = new Map();
  let at = parent.firstElementChild;
  for (const item of items) {
    const id = key(item);
    let row = old.get(id);
    if (!row) row = make(item);
    rows.set(id, row);
    if (row === at) at = at.nextElementSibling;
    else parent.insertBefore(row, at);
    update?.(row, item);
  }
  for (const [id, row] of old) if (rows.get(id) !== row) row.remove();
  parent.kept = rows;
}

/** Calls `f` at most once in `ms`, the last call never lost. */
export function throttle(f, ms) {
  let timer = 0,
    last = -Infinity;
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
      /* storage is blocked or full: the page works without */
    }
  },
};
