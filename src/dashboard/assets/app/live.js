// Keeps one stream of changes open for the page that is shown.
import { changeConnection, connection, setState } from './connection.js';
import { throttle } from '../parts/dom.js';
import { loadDialogs } from '../parts/on-demand.js';

/** Wait before the module of streams is asked for again, in milliseconds. */
const MODULE_AGAIN_MS = 1000;

/** What the page that is shown follows: `stream` is null until the module of streams is there. */
let current = null;

/** Pages are painted before the module of streams is there. */
async function open(followed) {
  try {
    const [{ Stream }] = await Promise.all([import('./stream.js'), loadDialogs()]);
    if (followed !== current) return;
    followed.stream = new Stream(followed.path, followed.handlers);
    followed.stream.open();
  } catch {
    setTimeout(() => followed === current && open(followed), MODULE_AGAIN_MS);
  }
}

/** Follows the stream in place of the one before. `handlers`: see `Stream`. */
export function follow(path, handlers) {
  current?.stream?.close();
  const followed = { path, handlers, stream: null };
  current = followed;
  if (connection.state !== 'lost' && !connection.paused) setState('connecting');
  open(followed);
  const close = () => {
    followed.stream?.close();
    if (current === followed) current = null;
  };
  return { close, again: () => followed.stream?.open() };
}

export function reconnect() {
  const stream = current?.stream;
  if (!stream) return;
  stream.failures = 0;
  stream.open();
}

export function pause(paused) {
  changeConnection({ paused, state: paused ? 'paused' : 'connecting' });
  if (paused) current?.stream?.stop();
  else current?.stream?.open();
}

/** A call that got no answer says as much about the connection as the stream does. */
export function callFailed(problem) {
  if (problem?.status === 0) current?.stream?.suspect();
}

const wake = throttle(() => {
  if (!connection.paused && connection.state !== 'live') reconnect();
}, 500);

document.addEventListener('visibilitychange', () => {
  if (!connection.paused) current?.stream?.visibility();
});
addEventListener('pageshow', (event) => {
  if (event.persisted) wake();
});
addEventListener('online', wake);
// A connection may be dead without notice when the device changes networks.
addEventListener('offline', () => {
  if (!connection.paused) current?.stream?.open();
});
