// This browser, as the server knows it.
import { randomId } from '../app/api.js';
import { store } from './dom.js';

/** The id under which the server keeps the jobs that this browser started. */
export function clientId() {
  const id = store.get('client') ?? randomId();
  store.set('client', id);
  return id;
}
