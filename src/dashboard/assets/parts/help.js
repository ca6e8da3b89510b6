// The dialog with the keys and their settings.
import { KEYED, keysOn } from '../app/keys.js';
import { dialog } from './dialogs.js';
import { h, store } from './dom.js';

const names = KEYED.map((page) => page.name.toLowerCase()).join(', ');

const KEYS = [
  [`g then ${KEYED.map((page) => page.key).join(' ')}`, names[0].toUpperCase() + names.slice(1)],
  ['Ctrl K', 'Find a page, a job or a command'],
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

const caps = (keys) => keys.split(' ').map((key) => (key === 'then' ? ' then ' : h('kbd', key)));

function content() {
  const onchange = ({ target }) => store.set('keys', target.checked ? null : 'off');
  const box = h('input', { type: 'checkbox', checked: keysOn(), onchange });
  const rows = KEYS.map(([keys, text]) => [h('dt', caps(keys)), h('dd', text)]);
  return h('div', h('label.check', box, 'Keys are on'), h('dl.keys', rows));
}

export const showHelp = () => dialog('Keys and settings', content);
