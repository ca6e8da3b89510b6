// One job: its error first, then its progress, its shots, its history and its data.
import { Again } from '../app/again.js';
import { get, jobPath, query, send } from '../app/api.js';
import { apply, onJobChanged } from '../app/job-events.js';
import { follow } from '../app/live.js';
import { go, setTitle } from '../app/router.js';
import {
  canCancel,
  canRetry,
  cancel,
  pageMenu,
  retry,
  retryFailedItems,
} from '../parts/actions.js';
import { menuButton } from '../parts/dialogs.js';
import { h, put, steady, throttleQuietly } from '../parts/dom.js';
import { percent, plural, when } from '../parts/format.js';
import { icon } from '../parts/icons.js';
import { Details } from '../parts/job/details.js';
import { Stage } from '../parts/job/stage.js';
import { textBox } from '../parts/json.js';
import { shotDialog } from '../parts/shot-dialog.js';
import { shotGrid } from '../parts/shots.js';
import { isStuck, shape, showStanding } from '../parts/status.js';
import { jobTitle, jobUrl, user } from '../parts/text.js';
import { attemptBars, eventList } from '../parts/timeline.js';
import { actionButton, copyButton, problemBox } from '../parts/ui.js';
import { unload } from '../parts/video.js';

/** Events that are loaded before more are asked for. */
const EVENTS = 1000;
const EVENTS_PAGE = 200;

const SHOTS = ['items_reported', 'shots_updated', 'shot_described', 'updated', 'completed'];

/** These change fields that an event does not have: result, inputs, series. */
const WHOLE = [
  'updated',
  'completed',
  'failed',
  'cancelled',
  'merged',
  'overwritten',
  'detached',
  'retried',
  'recovered',
  'undone',
  'released',
  'rescued',
];

/** The list that the user came from. */
function listUrl() {
  try {
    return sessionStorage.getItem('callsheet.list') ?? '/jobs';
  } catch {
    return '/jobs';
  }
}

const backLink = () => h('a', { href: listUrl() }, 'Back to the list');

function errorTitle(job) {
  if (job.status === 'queued') return 'The last attempt failed';
  return job.status === 'processing' ? 'An earlier attempt failed' : 'Failed';
}

function errorCard(job) {
  const [first, ...rest] = job.error.split('\n');
  const trace = () =>
    h(
      'details',
      h('summary', `Whole error, ${plural(rest.length + 1, 'line')}`),
      h(
        'div.trace-box',
        copyButton(job.error, 'Copy the error'),
        textBox('trace', 'The whole error', job.error),
      ),
    );
  const attempt = `Attempt ${job.attempt} of ${job.max_attempts}`;
  const worker = job.worker_id && [' on ', user(job.worker_id)];
  const at = when(job.completed_at ?? job.updated_at);
  return h(
    'section',
    { class: `error-card ${job.status === 'queued' ? 'waits' : ''}`, 'aria-label': 'Error' },
    shape('failed', 20),
    h(
      'div',
      h('h2', errorTitle(job)),
      h('p.cause-line', user(first)),
      h('p.small', attempt, worker, ', ', at),
      rest.length > 0 && trace(),
    ),
  );
}

class JobPage {
  constructor(root, { params: { id }, search, signal, alive }) {
    Object.assign(this, { id, search, signal, alive, job: null, text: '', etag: null, newest: 0 });
    Object.assign(this, { events: [], shots: [], dialog: null });
    this.stage = new Stage(this);
    this.details = new Details();
    this.grid = shotGrid({ open: (at) => this.openShot(at) });
    this.build(root);
    setTitle(id);
    const soon = (method, ms) => throttleQuietly(() => this[method](), ms);
    this.soonShots = soon('loadShots', 1000);
    this.soonAll = soon('load', 1000);
    this.soonHistory = soon('loadEvents', 2000);
    this.followChanges();
    root.addEventListener('pagekey', ({ detail }) => this.key(detail.key), { signal });
    this.again = new Again(() => this.loadQuietly(), signal);
    this.loadQuietly();
    // A queued job becomes due, and a running one stuck, without an event.
    this.timer = setInterval(() => this.job && !document.hidden && this.paint(), 10000);
  }

  build(root) {
    this.badge = h('span');
    this.title = h('h1', { tabindex: -1 }, user(this.id));
    this.line = h('p.sub.id-line');
    this.buttons = h('div.row.tools.job-actions');
    this.message = h('div');
    this.cause = h('div');
    this.historyBody = h('div.panel-body');
    this.history = h(
      'section.panel',
      { 'aria-label': 'History', hidden: true },
      h('header', h('h2', 'History')),
      this.historyBody,
    );
    this.grid.hidden = true;
    const back = h('a.back', { href: listUrl() }, icon('back', 16), 'Jobs');
    const title = h('div.title-line', this.title, this.badge);
    this.columns = h(
      'div.job-columns',
      h('div.job-main', this.cause, this.stage.el, this.grid, this.history),
      h('div.job-side', this.details.parts),
    );
    const top = h('div.head.job-head', h('div', back, title, this.line), this.buttons);
    put(root, top, this.message, this.columns);
  }

  async load() {
    try {
      const answer = await send('GET', jobPath(this.id), { signal: this.signal });
      if (!this.alive() || answer.data.version < this.job?.version) return;
      this.job = answer.data;
      this.text = answer.text;
      this.etag = answer.etag;
      this.shots = this.job.shots ?? [];
      this.again.succeeded();
      put(this.message);
      this.columns.hidden = false;
      this.buttons.hidden = false;
      this.paint();
      if (this.newest > this.job.version) this.soonAll();
      if (!this.events.length || this.lastSeq() < this.job.version) await this.loadEvents();
    } catch (error) {
      if (error.name === 'AbortError' || !this.alive()) return;
      this.again.failed(error);
      this.failed(error);
      // Who polls has to know.
      throw error;
    }
  }

  loadQuietly() {
    this.load().catch(() => {});
  }

  failed(error) {
    if (this.job && error.status !== 404) return;
    put(
      this.message,
      problemBox(error, () => this.loadQuietly()),
      h('p', backLink()),
    );
    this.columns.hidden = !this.job;
    this.buttons.hidden = true;
  }

  lastSeq() {
    return this.events.at(-1)?.seq;
  }

  async loadEvents() {
    let after = this.lastSeq();
    let pages = 0;
    do {
      const path = `/events${query({ limit: EVENTS_PAGE, after })}`;
      const page = await get(jobPath(this.id, path), { signal: this.signal });
      this.take(page.events);
      after = page.next_after;
      pages += 1;
    } while (after !== null && pages < EVENTS / EVENTS_PAGE);
    if (this.alive()) this.paintHistory();
  }

  take(events) {
    for (const event of events) {
      if (event.seq > (this.lastSeq() ?? 0)) this.events.push(event);
    }
  }

  async loadShots() {
    const { shots } = await get(jobPath(this.id, '/shots'), { signal: this.signal });
    if (!this.alive() || JSON.stringify(shots) === JSON.stringify(this.shots)) return;
    this.shots = shots;
    this.paintShots();
  }

  // Each part paints only what differs.

  paint() {
    const { job } = this;
    const name = job.project_title || job.job_id;
    setTitle(job.status === 'processing' ? `${percent(job.progress)} ${name}` : name);
    steady(this.title, name, () => put(this.title, jobTitle(job)));
    showStanding(this.badge, job, 'large');
    steady(this.line, [job.job_type, job.mode, job.priority], () => this.paintLine());
    const bad = this.failedShots();
    const shown = [job.status, isStuck(job), job.cancel_requested_at, bad];
    steady(this.buttons, shown, () => this.paintButtons(bad));
    steady(this.cause, [job.error, job.status, job.attempt], () => this.paintCause());
    this.stage.show();
    this.paintShots();
    this.details.show(job, this.text, this.etag);
    if (this.events.length) this.paintHistory();
    this.restoreShot();
  }

  paintLine() {
    const { job_id: id, job_type: type, priority } = this.job;
    put(
      this.line,
      h('code', id),
      copyButton(id, 'Copy the id'),
      h('a', { href: `/jobs${query({ job_type: type })}` }, type),
      priority !== 0 && h('span.tag', `priority ${priority}`),
    );
  }

  failedShots() {
    return this.shots.filter((shot) => shot.status === 'failed').length;
  }

  paintButtons(bad) {
    const { job } = this;
    const active = job.status === 'processing' || job.status === 'queued';
    const again = isStuck(job) ? 'Recover' : 'Retry';
    const shots = `Retry ${plural(bad, 'failed shot')}`;
    put(
      this.buttons,
      canRetry(job) && actionButton(again, 'retry', () => retry(this.job), 'primary'),
      bad > 0 && !active && actionButton(shots, 'retry', () => retryFailedItems(this.job)),
      canCancel(job) && actionButton('Cancel', 'cancel', () => cancel(this.job)),
      menuButton('More actions', () => pageMenu(this.job), { class: 'button icon' }),
    );
  }

  paintCause() {
    const { job } = this;
    put(this.cause, job.error && job.status !== 'completed' && errorCard(job));
  }

  paintShots() {
    this.grid.hidden = !this.shots.length;
    if (this.shots.length) this.grid.show(this.shots);
    this.dialog?.refresh();
  }

  paintHistory() {
    const { job, events } = this;
    const seq = this.lastSeq();
    this.history.hidden = !events.length;
    steady(this.historyBody, [seq, job.version], () => {
      const load = { onclick: () => this.loadEvents().catch(() => {}) };
      const text = `The first ${plural(events.length, 'event')} are shown. `;
      const more = h('p.small', text, h('button.link', load, 'Load more'));
      const list = eventList(events, seq < job.version && more);
      put(this.historyBody, attemptBars(events, job), list);
    });
  }

  /** Opens the shot that the address names, once. */
  restoreShot() {
    const shot = this.search.get('shot');
    if (shot === null || !this.shots.length || this.dialog) return;
    this.search.delete('shot');
    if (this.shots[Number(shot)]) this.openShot(Number(shot), true);
  }

  async openShot(at, restored) {
    const moved = (shot) => go(jobUrl(this.id) + query({ shot }), { replace: true });
    if (!restored) moved(at);
    const shots = () => this.shots;
    const changed = () => this.soonShots();
    this.dialog = shotDialog({ job: this.id, shots, at, moved, changed });
    await this.dialog.closed;
    this.dialog = null;
    if (!this.alive()) return;
    moved(null);
    this.stage.resume();
  }

  followChanges() {
    const reset = () => {
      this.events = [];
      this.soonAll();
    };
    this.stream = follow(jobPath(this.id, '/events/stream'), {
      ends: true,
      changes: (events) => this.changes(events),
      hidden: () => this.peek(),
      poll: () => this.load(),
      reset,
      snapshot: (job) => this.snapshot(job),
      gone: () => this.job && this.ended(),
    });
    this.endChanged = onJobChanged((job) => this.changed(job));
  }

  snapshot({ version }) {
    this.newest = version;
    if (this.job ? version > this.job.version : this.message.firstChild) this.soonAll();
  }

  changes(events) {
    if (!this.job) return;
    let changed = false;
    for (const event of events) {
      if (event.kind === 'deleted') {
        this.ended();
        return;
      }
      // A gap in the stream is filled from the list of events.
      if (event.seq === (this.lastSeq() ?? 0) + 1) this.take([event]);
      if (apply(this.job, event)) changed = true;
      if (SHOTS.includes(event.kind)) this.soonShots();
      if (WHOLE.includes(event.kind)) this.soonAll();
    }
    if (changed) this.paint();
    if (this.lastSeq() < this.job.version) this.soonHistory();
  }

  /** A call changed the job. */
  changed(job) {
    if (job.job_id !== this.id || !this.job) return;
    if (job.kind === 'deleted') {
      this.ended();
      setTimeout(() => this.alive() && go(listUrl()), 600);
      return;
    }
    if (apply(this.job, job)) {
      this.paint();
      this.soonAll();
    }
    this.stream.again();
  }

  ended() {
    const text = h('p', h('strong', 'This job was deleted. '), backLink());
    put(this.message, h('div.problem', text));
    this.columns.classList.add('dim');
    this.buttons.hidden = true;
    this.stream.close();
  }

  /** Keeps the title up to date while the tab is hidden and its stream closed. */
  async peek() {
    try {
      const headers = this.etag ? { 'If-None-Match': this.etag } : {};
      const { status, data, etag } = await send('GET', jobPath(this.id), { headers });
      if (status === 304) return;
      this.etag = etag;
      const state = data.status === 'processing' ? percent(data.progress) : data.status;
      setTitle(`${state} ${data.project_title || this.id}`);
    } catch {
      // The stream catches up when the tab is shown.
    }
  }

  key(key) {
    const { job } = this;
    if (!job) return;
    if (key === 'r' && canRetry(job)) retry(job);
    if (key === 'c' && canCancel(job)) cancel(job);
    if (key === 'Escape') go(listUrl());
  }

  close() {
    this.stream.close();
    this.endChanged();
    clearInterval(this.timer);
    unload();
    for (const soon of [this.soonShots, this.soonAll, this.soonHistory]) soon.cancel();
    document.querySelector('dialog[open]')?.close();
  }
}

export const mount = (root, context) => new JobPage(root, context);
