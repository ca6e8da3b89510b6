// Loads that fail are tried again, as a stream is: a server that restarts is found by itself.
import { onConnection } from './connection.js';
import { callFailed } from './live.js';

const MAX_WAIT_MS = 15000;

/** A call may succeed later if it got no answer, or one that blames the server. */
const passes = ({ status }) => status === 0 || status === 408 || status === 429 || status >= 500;

export class Again {
  /** `load` is called after a failure, until `signal` is aborted. */
  constructor(load, signal) {
    Object.assign(this, { load, failures: 0, timer: 0 });
    let before = null;
    const end = onConnection(({ state }) => {
      const opened = state === 'live' && before !== 'live';
      before = state;
      if (opened && this.failures > 0) this.now();
    });
    signal.addEventListener('abort', () => {
      end();
      clearTimeout(this.timer);
    });
    this.signal = signal;
  }

  now() {
    clearTimeout(this.timer);
    if (!this.signal.aborted) this.load();
  }

  failed(error) {
    callFailed(error);
    clearTimeout(this.timer);
    if (this.signal.aborted || !passes(error)) return;
    const wait = Math.min(MAX_WAIT_MS, 500 * 2 ** this.failures) * (0.75 + Math.random() / 2);
    this.failures += 1;
    this.timer = setTimeout(() => this.now(), wait);
  }

  succeeded() {
    this.failures = 0;
    clearTimeout(this.timer);
  }
}
