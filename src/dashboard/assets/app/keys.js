// Keys that work on every page. The others go to the page that is shown, as `pagekey`.
import { connection } from './connection.js';
import { pause } from './live.js';
import { PAGES } from './pages.js';
import { go } from './router.js';
import { nextTheme } from './theme-button.js';
import { withStyles } from './styles.js';
import { store } from '../parts/dom.js';

/** Pages that a key opens. */
export const KEYED = PAGES.filter((page) => page.key);

export const keysOn = () => store.get('keys') !== 'off';

/** Shows the keys and the settings. */
export async function help() {
  const { showHelp } = await withStyles(import('../parts/help.js'));
  showHelp();
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

const commands = () => [
  { text: 'New job', icon: 'plus', kind: 'Command', run: () => go('/new') },
  { text: 'Another theme', icon: 'moon', kind: 'Command', run: nextTheme },
  { text: 'Keys and settings', icon: 'help', kind: 'Command', run: help },
];

/** Opens the box that leads anywhere; it is loaded when it is first asked for. */
export async function findAnything() {
  if (document.querySelector('dialog[open]')) return;
  const { openPalette } = await withStyles(import('../parts/palette.js'));
  openPalette(commands());
}

const asksToFind = (event) =>
  (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k';

function key(event) {
  if (!event.defaultPrevented && asksToFind(event)) {
    event.preventDefault();
    findAnything();
    return;
  }
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
