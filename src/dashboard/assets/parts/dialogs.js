// Dialogs, messages and menus: all that lies above the page.
import { callFailed } from '../app/live.js';
import { needStyles } from '../app/styles.js';
import { h } from './dom.js';
import { icon } from './icons.js';
import { user } from './text.js';

needStyles('fields', 'layers');

const toasts = () => document.getElementById('toasts');

/** Everything outside of a modal dialog is below its backdrop and takes no clicks. */
function placeToasts() {
  const top = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
  if (toasts().parentElement !== top) top.append(toasts());
}

/** A modal dialog with the content that `build(close, el)` returns. Resolves with its answer. */
export function dialog(title, build, { wide = false } = {}) {
  const opener = document.activeElement;
  return new Promise((resolve) => {
    const el = h('dialog', { class: wide ? 'wide' : '', 'aria-label': title });
    let answer;
    const close = (value) => {
      answer = value;
      el.close();
    };
    const cancel = h('button.button.quiet.icon', { 'aria-label': 'Close' }, icon('cancel'));
    cancel.addEventListener('click', () => el.close());
    el.addEventListener('click', (event) => event.target === el && el.close());
    el.addEventListener('close', () => {
      placeToasts();
      el.remove();
      if (opener?.isConnected) opener.focus({ preventScroll: true });
      resolve(answer);
    });
    el.append(h('header', h('h2', { tabindex: -1 }, title), cancel));
    el.append(h('div.dialog-body', build(close, el)));
    if (!el.querySelector('[autofocus]')) el.querySelector('h2').setAttribute('autofocus', '');
    document.body.append(el);
    el.showModal();
    placeToasts();
  });
}

/** A form that calls `submit` in place of leaving the page. */
export function form(submit, ...content) {
  const onsubmit = (event) => {
    event.preventDefault();
    submit();
  };
  return h('form', { onsubmit }, content);
}

export const submitButton = (text) => h('button.button.primary.act', { type: 'submit' }, text);

/** Asks for one value. `value(input)` reads it. */
export const ask = (title, label, verb, props, value = (input) => input.value) =>
  dialog(title, (close) => {
    const input = h('input', { type: 'text', required: true, autofocus: true, ...props });
    return form(
      () => close(value(input)),
      h('label.field', h('span', label), input),
      h('div.row.end', submitButton(verb)),
    );
  });

function typedField(typed, yes) {
  const oninput = ({ target }) => {
    yes.disabled = target.value.replace(/[\s,.]/g, '') !== typed;
  };
  const props = { type: 'text', inputmode: 'numeric', autocomplete: 'off', autofocus: true };
  const field = h('input', { ...props, 'aria-label': `Type ${typed} to confirm`, oninput });
  return h('label.field', h('span', 'Type ', h('strong', typed), ' to confirm'), field);
}

/** Resolves with true when the user agrees; `typed` has to be typed first. */
export const confirm = (
  title,
  text,
  verb,
  { danger = true, typed = null, dismiss = 'Go back' } = {},
) =>
  dialog(title, (close) => {
    const cls = `button act ${danger ? 'danger' : 'primary'}`;
    const yes = h('button', { class: cls, type: 'submit', disabled: typed !== null }, verb);
    const no = { autofocus: typed === null, onclick: () => close(false) };
    return form(
      () => close(true),
      text,
      typed !== null && typedField(typed, yes),
      h('div.row.end', h('button.button', no, dismiss), yes),
    );
  });

const duration = (undo, tone) => (undo ? 10000 : tone === 'bad' ? 9000 : 5000);

/** A message that disappears after some seconds. `undo` takes back what it reports. */
export function toast(text, { undo, tone = 'info', link } = {}) {
  const el = h('div', { class: `toast ${tone}` }, h('span', text));
  const gone = () => el.remove();
  let timer = setTimeout(gone, duration(undo, tone));
  const takeBack = () => {
    gone();
    undo();
  };
  if (link) el.append(h('a', { href: link[1], onclick: gone }, link[0]));
  if (undo) el.append(h('button.button.quiet.act', { onclick: takeBack }, 'Undo'));
  const dismiss = { 'aria-label': 'Dismiss', onclick: gone };
  el.append(h('button.button.quiet.icon.small', dismiss, icon('cancel', 16)));
  el.addEventListener('pointerenter', () => clearTimeout(timer));
  el.addEventListener('pointerleave', () => {
    timer = setTimeout(gone, 3000);
  });
  const region = toasts();
  region.append(el);
  while (region.children.length > 3) region.firstElementChild.remove();
}

/** Reports a failed call. */
export function failed(error) {
  callFailed(error);
  toast(user(error.message), { tone: 'bad' });
}

/** Runs an async call and reports its failure. Returns undefined then. */
export async function attempt(call) {
  try {
    return await call();
  } catch (error) {
    failed(error);
    return undefined;
  }
}

/** Opens a menu of `items()`, which are made at that moment. */
export function menuButton(label, items, props = {}) {
  const open = (event) => {
    event.stopPropagation();
    openMenu(button, items());
  };
  const own = { 'aria-label': label, 'aria-haspopup': 'menu', ...props, onclick: open };
  const button = h('button.button.quiet.icon', own, icon('dots'));
  return button;
}

function menuItem(item, close) {
  const cls = `${item.danger ? 'bad' : ''} ${item.act === false ? '' : 'act'}`;
  const type = item.href ? null : 'button';
  const onclick = () => {
    close();
    item.run?.();
  };
  return h(
    item.href ? 'a' : 'button',
    { role: 'menuitem', type, href: item.href, class: cls, onclick },
    icon(item.icon ?? 'next', 18),
    h('span', item.label),
  );
}

function moveInMenu(event, menu) {
  const all = [...menu.children];
  const at = all.indexOf(document.activeElement);
  const places = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 };
  const to = places[event.key];
  if (to === undefined) return;
  event.preventDefault();
  all[(to + all.length) % all.length].focus();
}

function placeMenu(menu, anchor) {
  const box = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = Math.max(8, Math.min(innerWidth - width - 8, box.right - width));
  const above = Math.max(8, box.top - height - 4);
  const below = box.bottom + 4;
  menu.style.left = `${left}px`;
  menu.style.top = `${below + height + 4 > innerHeight ? above : below}px`;
}

/** `items`: `{label, icon, run or href, danger, act}`; `act: false` works without a connection. */
export function openMenu(anchor, items) {
  const close = () => menu.hidePopover();
  const entries = items.filter(Boolean).map((item) => menuItem(item, close));
  const menu = h('div.menu', { role: 'menu', popover: 'auto' }, entries);
  menu.addEventListener('toggle', ({ newState }) => {
    if (newState !== 'closed') return;
    menu.remove();
    const { activeElement, body } = document;
    if (!activeElement || activeElement === body) anchor.focus({ preventScroll: true });
  });
  menu.addEventListener('keydown', (event) => moveInMenu(event, menu));
  document.body.append(menu);
  menu.showPopover();
  placeMenu(menu, anchor);
  menu.firstElementChild?.focus();
}
