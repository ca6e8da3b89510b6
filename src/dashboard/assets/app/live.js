// Keeps one stream of changes open for the page that is shown.
import { changeConnection, connection, setState } from './connection.js';
import { Stream } from './stream.js';
import { throttle } from '../parts/dom.js';

let current = null;

/** Follows the stream in place of the one before. `handlers`: see `Stream`. */
export function follow(path, handlers) {
  current?.close();
  const stream = new Stream(path, handlers);
  current = stream;
  if (connection.state !== 'lost' && !connection.paused) setState('connecting');
  stream.open();
  const close = () => {
    stream.close();
    if (current === stream) current = null;
  };
  return { close, again: () => stream.open() };
}

export function reconnect() {
  if (!current) return;
  current.failures = 0;
  current.open();
}

export function pause(paused) {
  changeConnection({ paused, state: paused ? 'paused' : 'connecting' });
  if (paused) current?.stop();
  else current?.open();
}

/** A call that got no answer says as much about the connection as the stream does. */
export function callFailed(problem) {
  if (problem?.status === 0) current?.suspect();
}

const wake = throttle(() => {
  if (!connection.paused && connection.state !== 'live') reconnect();
}, 500);

document.addEventListener('visibilitychange', () => {
  if (!connection.paused) current?.visibility();
});
addEventListener('pageshow', (event) => {
  if (event.persisted) wake();
});
addEventListener('online', wake);
// A connection may be dead without notice when the device changes networks.
addEventListener('offline', () => {
  if (!connection.paused) current?.open();
});
