// The state of the connection to the server, as the stream and the calls of a page find it.
import { now } from '../parts/format.js';

/** `asOf` is when the server last answered, `lostSince` when the connection was given up. */
export const connection = { state: 'connecting', asOf: null, lostSince: null, paused: false };

const listeners = new Set();

/** Calls `listener` now and after each change. Returns a function that ends it. */
export function onConnection(listener) {
  listeners.add(listener);
  listener(connection);
  return () => listeners.delete(listener);
}

export function changeConnection(changes) {
  Object.assign(connection, changes);
  for (const listener of listeners) listener(connection);
}

export function setState(state) {
  if (connection.state !== state) changeConnection({ state });
}

/** The server answered. */
export function answered() {
  connection.asOf = now();
  if (connection.lostSince) changeConnection({ lostSince: null });
}
