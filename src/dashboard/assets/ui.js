// What pages are built of: panels with their states, dialogs, menus, messages, tables.
import { h, icon, put, steady, user } from './dom.js';
import { callFailed } from './live.js';

/** A section that loads by itself: skeleton after 200 ms, error with a way to try again, in that panel only. */
export function panel(title, { load, render, tools, lines = 3, level = 'h2', name } = {}) {
  const body = h('div.panel-body');
  const el = h(
    'section',
    { class: `panel ${name ?? ''}`, 'aria-label': typeof title === 'string' ? title : null },
    title && h('header', h(level, null, title), tools),
    body,
  );
  let turn = 0,
    shown = false;
  const self = Object.assign(el, {
    body,
    async refresh() {
      const mine = ++turn;
      const timer = shown
        ? 0
        : setTimeout(() => {
            if (mine === turn) {
              body.shown = null;
              put(body, skeleton(lines));
            }
          }, 200);
      try {
        const data = await load();
        if (mine !== turn) return;
        shown = true;
        steady(body, data, () => render(body, data));
      } catch (error) {
        if (error.name === 'AbortError') return;
        callFailed(error);
        if (mine === turn && !shown)
          put(
            body,
            problemBox(error, () => self.refresh()),
          );
        if (shown) throw error;
      } finally {
        clearTimeout(timer);
      }
    },
  });
  return self;
}

export const skeleton = (lines) =>
  h(
    'div.skeleton',
    { 'aria-hidden': 'true' },
    Array.from({ length: lines }, () => h('div')),
  );

/** What went wrong, its number in the log, and a way on. */
export function problemBox(error, again) {
  return h(
    'div.problem',
    { role: 'alert' },
    h(
      'p',
      h('strong', error.status === 404 ? 'Not found. ' : 'This could not be loaded. '),
      user(error.message),
    ),
    error.requestId && h('p.small', 'Request ', h('code', error.requestId)),
    again &&
      error.status !== 404 &&
      h('button.button', { onclick: again }, icon('retry', 16), 'Retry'),
  );
}

export const empty = (title, text, ...next) =>
  h('div.empty', h('p.strong', title), h('p', text), next.length ? h('p.row.center', next) : null);

let opener = null;

/** A modal dialog. `build(close)` gives its content; answers with what it was closed with. */
export function dialog(title, build, { wide = false } = {}) {
  opener = document.activeElement;
  const back = opener;
  return new Promise((resolve) => {
    const el = h('dialog', { class: wide ? 'wide' : '', 'aria-label': title });
    let answer;
    const close = (value) => {
      answer = value;
      el.close();
    };
    el.addEventListener('close', () => {
      el.remove();
      if (back?.isConnected) back.focus({ preventScroll: true });
      resolve(answer);
    });
    el.addEventListener('click', (event) => {
      if (event.target === el) el.close();
    });
    el.append(
      h(
        'header',
        h('h2', { tabindex: -1 }, title),
        h(
          'button.button.quiet.icon',
          { 'aria-label': 'Close', onclick: () => el.close() },
          icon('cancel'),
        ),
      ),
    );
    el.append(h('div.dialog-body', build(close, el)));
    if (!el.querySelector('[autofocus]')) el.querySelector('h2').setAttribute('autofocus', '');
    document.body.append(el);
    el.showModal();
  });
}

/** Asks before something is done. `typed` has to be typed first. */
export function confirm(title, text, verb, { danger = true, typed = null } = {}) {
  return dialog(title, (close) => {
    const yes = h(
      'button',
      {
        class: `button act ${danger ? 'danger' : 'primary'}`,
        type: 'submit',
        disabled: typed !== null,
      },
      verb,
    );
    const field =
      typed !== null &&
      h('input', {
        type: 'text',
        inputmode: 'numeric',
        autocomplete: 'off',
        autofocus: true,
        'aria-label': `Type ${typed} to confirm`,
        oninput: (e) => {
          yes.disabled = e.target.value.replace(/[\s,.]/g, '') !== typed;
        },
      });
    return h(
      'form',
      {
        onsubmit: (e) => {
          e.preventDefault();
          close(true);
        },
      },
      text,
      field && h('label.field', h('span', 'Type ', h('strong', typed), ' to confirm'), field),
      h(
        'div.row.end',
        h('button.button', { autofocus: typed === null, onclick: () => close(false) }, 'Keep'),
        yes,
      ),
    );
  });
}

/** A message that goes by itself; with `undo`, a way back for ten seconds. */
export function toast(text, { undo, tone = 'info', link } = {}) {
  const el = h('div', { class: `toast ${tone}` }, h('span', text));
  const gone = () => el.remove();
  let timer = setTimeout(gone, undo ? 10000 : tone === 'bad' ? 9000 : 5000);
  if (link) el.append(h('a', { href: link[1], onclick: gone }, link[0]));
  if (undo)
    el.append(
      h(
        'button.button.quiet.act',
        {
          onclick: () => {
            gone();
            undo();
          },
        },
        'Undo',
      ),
    );
  el.append(
    h(
      'button.button.quiet.icon.small',
      { 'aria-label': 'Dismiss', onclick: gone },
      icon('cancel', 16),
    ),
  );
  el.addEventListener('pointerenter', () => clearTimeout(timer));
  el.addEventListener('pointerleave', () => {
    timer = setTimeout(gone, 3000);
  });
  const region = document.getElementById('toasts');
  region.append(el);
  while (region.children.length > 3) region.firstElementChild.remove();
}

export const failed = (error) => {
  callFailed(error);
  toast(user(error.message), { tone: 'bad' });
};

/** `items()`: [{label, icon, run, danger}] made when it opens, so that they are true then. */
export function menuButton(label, items, props = {}) {
  const button = h(
    'button.button.quiet.icon',
    {
      'aria-label': label,
      'aria-haspopup': 'menu',
      ...props,
      onclick: (event) => {
        event.stopPropagation();
        openMenu(button, items());
      },
    },
    icon('dots'),
  );
  return button;
}

export function openMenu(anchor, items) {
  const menu = h(
    'div.menu',
    { role: 'menu', popover: 'auto' },
    items.filter(Boolean).map((item) =>
      h(
        item.href ? 'a' : 'button',
        {
          role: 'menuitem',
          type: item.href ? null : 'button',
          href: item.href,
          class: `${item.danger ? 'bad' : ''} ${item.act === false ? '' : 'act'}`,
          onclick: () => {
            menu.hidePopover();
            item.run?.();
          },
        },
        icon(item.icon ?? 'next', 18),
        h('span', item.label),
      ),
    ),
  );
  menu.addEventListener('toggle', (event) => {
    if (event.newState === 'closed') {
      menu.remove();
      if (!document.activeElement || document.activeElement === document.body)
        anchor.focus({ preventScroll: true });
    }
  });
  menu.addEventListener('keydown', (event) => {
    const all = [...menu.children];
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    all[(to + all.length) % all.length].focus();
  });
  document.body.append(menu);
  menu.showPopover();
  const box = anchor.getBoundingClientRect();
  const { offsetWidth: w, offsetHeight: t } = menu;
  menu.style.left = `${Math.max(8, Math.min(innerWidth - w - 8, box.right - w))}px`;
  menu.style.top = `${box.bottom + t + 8 > innerHeight ? Math.max(8, box.top - t - 4) : box.bottom + 4}px`;
  menu.firstElementChild?.focus();
}

/** The clipboard's own interface is to be had over HTTPS only; a phone in the same room has none. */
export async function copy(text, what = 'Copied') {
  let done = false;
  try {
    await navigator.clipboard.writeText(text);
    done = true;
  } catch {
    const area = h('textarea.hidden', { 'aria-hidden': 'true', tabindex: -1, value: text });
    (document.querySelector('dialog[open]') ?? document.body).append(area);
    area.select();
    done = document.execCommand('copy');
    area.remove();
  }
  toast(done ? what : 'The browser did not let this be copied.', { tone: done ? 'info' : 'bad' });
}

export const copyButton = (text, label) =>
  h(
    'button.button.quiet.icon.small',
    { 'aria-label': label, title: label, onclick: () => copy(text) },
    icon('copy', 16),
  );

/** Head of a page: one h1, what stands under it, and what can be done. */
export const head = (title, sub, ...tools) =>
  h(
    'div.head',
    h('div', h('h1', { tabindex: -1 }, title), sub && h('p.sub', sub)),
    h('div.row.tools', tools),
  );

/** A table that becomes cards on a phone. `columns`: [[head, class]]. */
export function table(label, columns, rows, cls = '') {
  return h(
    'div.scroller',
    h(
      'table',
      { class: `data ${cls}`, 'aria-label': label },
      h(
        'thead',
        h(
          'tr',
          columns.map(([text, c]) => h('th', { scope: 'col', class: c ?? '' }, text)),
        ),
      ),
      h('tbody', rows),
    ),
  );
}

export const cells = (columns, values) =>
  values.map((value, i) =>
    h(
      'td',
      {
        class: columns[i][1] ?? '',
        data: { label: typeof columns[i][0] === 'string' ? columns[i][0] : '' },
      },
      value,
    ),
  );

/** One of a few choices, as buttons in a row. */
export function choice(label, options, value, pick) {
  const el = h('div.choice', { role: 'group', 'aria-label': label });
  const show = (now) =>
    put(
      el,
      options.map(([key, text]) =>
        h(
          'button',
          {
            'aria-pressed': String(key === now),
            onclick: () => {
              show(key);
              pick(key);
              el.querySelector('[aria-pressed=true]').focus();
            },
          },
          text,
        ),
      ),
    );
  show(value);
  return el;
}

/** Shows more of a list that comes by pages. */
export const moreButton = (run, label = 'Show more') =>
  h(
    'button.button',
    {
      onclick: async (e) => {
        e.target.disabled = true;
        try {
          await run();
        } catch (error) {
          failed(error);
          e.target.disabled = false;
        }
      },
    },
    label,
  );
