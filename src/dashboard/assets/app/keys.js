// Keys that work on every page. The others go to the page that is shown, as `pagekey`.
import { connection } from './connection.js';
import { pause } from './live.js';
import { PAGES } from './pages.js';
import { go } from './router.js';
import { nextTheme } from './theme-button.js';
import { dialog } from '../parts/dialogs.js';
import { h, store } from '../parts/dom.js';

const KEYED = PAGES.filter((page) => page.key);

const names = KEYED.map((page) => page.name.toLowerCase()).join(', ');

const KEYS = [
  [`g then ${KEYED.map((page) => page.key).join(' ')}`, names[0].toUpperCase() + names.slice(1)],
  ['/', 'Search jobs'],
  ['j k', 'Next, previous row'],
  ['x', 'Select the row'],
  ['Enter', 'Open the row'],
  ['r', 'Retry'],
  ['c', 'Cancel'],
  ['[ ]', 'Newer, older page'],
  ['p', 'Pause live changes'],
  ['t', 'Theme'],
  ['Esc', 'Close, clear the selection'],
  ['?', 'This list'],
];

const keysOn = () => store.get('keys') !== 'off';

export function help() {
  const keep = (event) => store.set('keys', event.target.checked ? null : 'off');
  const caps = (keys) => keys.split(' ').map((key) => (key === 'then' ? ' then ' : h('kbd', key)));
  dialog('Keys and settings', () =>
    h(
      'div',
      h(
        'label.check',
        h('input', { type: 'checkbox', checked: keysOn(), onchange: keep }),
        'Keys are on',
      ),
      h(
        'dl.keys',
        KEYS.map(([keys, text]) => [h('dt', caps(keys)), h('dd', text)]),
      ),
    ),
  );
}

function search(event) {
  event.preventDefault();
  if (!document.getElementById('search')) go('/jobs');
  document.getElementById('search')?.focus();
}

const COMMANDS = {
  '?': help,
  t: nextTheme,
  p: () => pause(!connection.paused),
  '/': search,
};

function sendToPage(event) {
  const detail = { key: event.key, target: event.target, stop: () => event.preventDefault() };
  document.getElementById('main').dispatchEvent(new CustomEvent('pagekey', { detail }));
}

const typing = (event) =>
  event.target.closest?.('input, textarea, select, [contenteditable]') ||
  document.querySelector('dialog[open], .menu:popover-open');

let pressedG = -Infinity;

function key(event) {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
  if (!keysOn() || typing(event)) return;
  if (performance.now() - pressedG < 1000) {
    pressedG = -Infinity;
    const page = KEYED.find((one) => one.key === event.key);
    if (!page) return;
    event.preventDefault();
    go(page.path);
  } else if (event.key === 'g') pressedG = performance.now();
  else if (Object.hasOwn(COMMANDS, event.key)) COMMANDS[event.key](event);
  else sendToPage(event);
}

export const listenToKeys = () => document.addEventListener('keydown', key);
