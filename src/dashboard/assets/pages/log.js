// The log of a job: its lines as text, followed while it runs, to be searched and saved.
import { Again } from '../app/again.js';
import { get, jobPath, query } from '../app/api.js';
import { follow } from '../app/live.js';
import { setTitle } from '../app/router.js';
import { h, put, setText, throttle } from '../parts/dom.js';
import { atClock, both, exact, plural } from '../parts/format.js';
import { trail } from '../parts/list-page.js';
import { jobUrl, user } from '../parts/text.js';
import { choice, empty, head, problemBox } from '../parts/ui.js';

const PAGE = 200;

/** Lines that are shown at once; earlier ones on request. */
const SHOWN = 2000;

const LEVELS = {
  all: ['All', () => true],
  warnings: ['Warnings', (text) => /\b(warn(ing)?|error|fatal|critical|traceback)\b/i.test(text)],
  errors: ['Errors', (text) => /\b(error|fatal|critical|traceback|exception)\b/i.test(text)],
};

class LogPage {
  constructor(root, { params: { id }, search, signal, alive }) {
    Object.assign(this, { id, signal, alive, lines: [], seq: 0, from: null });
    this.level = 'all';
    this.words = (search.get('q') ?? '').toLowerCase();
    setTitle(`Log of ${id}`);
    this.build(root, search.get('q') ?? '');
    this.soon = throttle(() => this.load().catch(() => {}), 1000);
    this.again = new Again(() => this.begin(), signal);
    this.stream = follow(jobPath(id, '/events/stream'), {
      ends: true,
      changes: (events) => events.some((event) => event.kind === 'logged') && this.soon(),
      poll: () => this.load(),
      reset: () => this.soon(),
    });
    this.begin();
  }

  build(root, words) {
    const box = {
      type: 'search',
      value: words,
      placeholder: 'Search the log',
      'aria-label': 'Search',
    };
    this.box = h('input', { ...box, oninput: ({ target }) => this.search(target.value) });
    const levels = Object.entries(LEVELS).map(([key, [text]]) => [key, text]);
    const pick = (level) => {
      this.level = level;
      this.paint();
    };
    this.following = h('input', { type: 'checkbox', checked: true });
    const save = { onclick: () => this.save() };
    this.count = h('span.small', { role: 'status' });
    this.body = h('div');
    this.list = h('ol.log', { tabindex: 0, 'aria-label': 'Lines' });
    const tools = h(
      'div.log-tools',
      this.box,
      choice('Level', levels, 'all', pick),
      h('label.check', this.following, 'Follow'),
      h('button.button', save, 'Download'),
      this.count,
    );
    const sub = h('span', trail('Jobs', '/jobs', this.id));
    const back = h('a.button', { href: jobUrl(this.id) }, 'Back to the job');
    put(root, head('Log', sub, back), tools, this.body);
  }

  begin() {
    this.load().then(
      () => this.again.succeeded(),
      (error) => {
        if (error.name === 'AbortError') return;
        this.again.failed(error);
        put(
          this.body,
          problemBox(error, () => this.begin()),
        );
      },
    );
  }

  async load() {
    let more = true;
    const { seq } = this;
    while (more && this.alive()) {
      const path = jobPath(this.id, `/events${query({ limit: PAGE, after: this.seq || null })}`);
      const { events, next_after: next } = await get(path, { signal: this.signal });
      for (const event of events) this.take(event);
      more = next !== null;
    }
    if (this.alive() && (this.seq !== seq || !seq)) this.paint();
  }

  take({ seq, kind, data, created_at: at }) {
    if (seq <= this.seq) return;
    this.seq = seq;
    if (kind !== 'logged') return;
    for (const text of data?.lines ?? []) this.lines.push({ n: this.lines.length + 1, at, text });
  }

  search(text) {
    this.words = text.toLowerCase();
    this.from = null;
    this.paint();
  }

  matching() {
    const [, matches] = LEVELS[this.level];
    const { words } = this;
    return this.lines.filter(
      ({ text }) => matches(text) && (!words || text.toLowerCase().includes(words)),
    );
  }

  paint() {
    const all = this.matching();
    const from = this.from ?? Math.max(0, all.length - SHOWN);
    const shown = all.slice(from);
    const filtered = all.length !== this.lines.length;
    const text = plural(this.lines.length, 'line');
    setText(this.count, filtered ? `${exact(all.length)} of ${text}` : text);
    if (!all.length) {
      const why = filtered ? `No line has what is asked for.` : 'Its worker has sent no lines.';
      put(this.body, empty(filtered ? 'Nothing found' : 'No log', why));
      return;
    }
    const earlier = () => {
      this.from = Math.max(0, from - SHOWN);
      this.paint();
    };
    const button = h('button.button', { onclick: earlier }, `Show earlier: ${exact(from)}`);
    put(
      this.list,
      shown.map((one) => this.line(one)),
    );
    put(this.body, from > 0 && button, this.list);
    this.scroll();
  }

  line({ n, at, text }) {
    const number = h('a.line-no', { href: `#L${n}` }, String(n));
    const time = h('time', { datetime: at, title: both(at) }, atClock(at));
    return h('li', { id: `L${n}` }, number, time, h('span', user(text)));
  }

  /** To the line that the address names, once; else to the end, while the log is followed. */
  scroll() {
    const named = !this.arrived && location.hash && document.getElementById(location.hash.slice(1));
    if (named) {
      this.arrived = true;
      this.following.checked = false;
      named.scrollIntoView({ block: 'center' });
    } else if (this.following.checked) this.list.scrollTop = this.list.scrollHeight;
  }

  save() {
    const text = this.lines.map(({ at, text: line }) => `${at} ${line}\n`).join('');
    const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
    const link = h('a', { href: url, download: `${this.id}.log` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }

  close() {
    this.stream.close();
    this.soon.cancel();
  }
}

export const mount = (root, context) => new LogPage(root, context);
