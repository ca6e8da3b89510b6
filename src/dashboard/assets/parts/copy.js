// Copies texts to the clipboard.
import { h } from './dom.js';
import { icon } from './icons.js';
import { toast } from './on-demand.js';

/** The clipboard's interface is missing over plain HTTP; selecting a text works there. */
function copyBySelection(text) {
  const area = h('textarea.hidden', { 'aria-hidden': 'true', tabindex: -1, value: text });
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}

export async function copy(text, message = 'Copied') {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    done = copyBySelection(text);
  }
  if (done) toast(message);
  else toast('The browser did not let this be copied.', { tone: 'bad' });
}

export function copyButton(text, label) {
  const props = { 'aria-label': label, title: label, onclick: () => copy(text) };
  return h('button.button.quiet.icon.small', props, icon('copy', 16));
}
