// Shows the state of the connection: the chip, the banner, and buttons that rest without it.
import { connection, onConnection } from './connection.js';
import { pause, reconnect } from './live.js';
import { h, put, setText } from '../parts/dom.js';
import { atClock } from '../parts/format.js';
import { toast } from '../parts/on-demand.js';

const STATES = {
  connecting: ['Connecting', 'Opening the stream of changes'],
  live: ['Live', 'Changes are shown as they happen. Click to pause.'],
  polling: ['Every 5 s', 'The stream does not open: asking every 5 seconds'],
  lost: ['Offline', 'The server does not answer'],
  paused: ['Paused', 'Changes are not shown. Click to resume.'],
};

function showChip(chip, state) {
  const [word, title] = STATES[state] ?? STATES.connecting;
  chip.dataset.state = state;
  setText(chip.querySelector('.word'), word);
  chip.title = title;
  chip.setAttribute('aria-label', `Connection: ${word}. ${title}`);
}

function showBanner(banner, lost, asOf) {
  if (lost === !banner.hidden) return;
  banner.hidden = !lost;
  const text = asOf
    ? `Connection lost: as of ${atClock(asOf)}. The page reconnects by itself.`
    : 'The server does not answer. The page keeps trying.';
  put(banner, lost && [h('span', text), h('button.button', { onclick: reconnect }, 'Try now')]);
}

function disableActions(lost) {
  document.body.toggleAttribute('data-lost', lost);
  for (const el of document.querySelectorAll('.act')) {
    if (lost) el.setAttribute('aria-disabled', 'true');
    else el.removeAttribute('aria-disabled');
  }
}

/** Buttons stay in the page without a connection; a click must not look as if it did something. */
function refuseClicks(event) {
  if (!document.body.hasAttribute('data-lost') || !event.target.closest?.('.act')) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  toast('There is no connection to the server: nothing was done.', { tone: 'bad' });
}

export function showConnection() {
  const chip = document.getElementById('connection');
  const banner = document.getElementById('banner');
  onConnection(({ state, asOf, lostSince }) => {
    showChip(chip, state);
    disableActions(lostSince !== null);
    showBanner(banner, lostSince !== null, asOf);
  });
  chip.addEventListener('click', () => {
    if (connection.state === 'live' || connection.paused) pause(!connection.paused);
    else reconnect();
  });
  document.addEventListener('click', refuseClicks, true);
}
