// One job: its error first, then its film or its progress, its shots, its history and its data.
import { Again } from '../app/again.js';
import { get, jobPath, query, randomId, send } from '../app/api.js';
import { apply, onJobChanged } from '../app/job-events.js';
import { follow } from '../app/live.js';
import { go, setTitle } from '../app/router.js';
import { mayChange } from '../app/session.js';
import {
  canCancel,
  canRetry,
  cancel,
  compareUrl,
  hasEnded,
  pageMenu,
  retry,
  retryFailedItems,
  runAgain,
} from '../parts/actions.js';
import { copyButton } from '../parts/copy.js';
import { failed, menuButton, toast } from '../parts/dialogs.js';
import { h, local, put, steady, throttleQuietly } from '../parts/dom.js';
import { percent, plural } from '../parts/format.js';
import { icon } from '../parts/icons.js';
import { Details } from '../parts/job/details.js';
import { errorCard } from '../parts/job/error-card.js';
import { Inspector, renderAgain } from '../parts/job/inspector.js';
import { tellEnd } from '../parts/job/notice.js';
import { Player } from '../parts/job/player.js';
import { shotWall } from '../parts/job/shots.js';
import { Stage } from '../parts/job/stage.js';
import { isStuck, showStanding } from '../parts/status.js';
import { jobTitle, jobUrl, user } from '../parts/text.js';
import { attemptBars, eventList } from '../parts/timeline.js';
import { actionButton, problemBox } from '../parts/ui.js';

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

/** The comparison of the last two attempts of the job. */
const attemptsUrl = ({ job_id: id, attempt }) =>
  `/compare${query({ a: id, b: id, a_attempt: attempt - 1, b_attempt: attempt })}`;

/** A button that says what it does when it is pointed at. */
function hinted(title, button) {
  button.title = title;
  return button;
}

class JobPage {
  constructor(root, { params: { id }, search, signal, alive }) {
    Object.assign(this, { id, search, signal, alive, job: null, text: '', etag: null, newest: 0 });
    Object.assign(this, { events: [], shots: [], shotsText: '', selected: null });
    this.player = new Player((at, how) => this.pick(at, how));
    this.stage = new Stage(this, this.player);
    this.details = new Details();
    this.wall = shotWall(
      (at) => this.pick(at),
      (event) => this.shotKey(event),
    );
    this.inspector = new Inspector(this, {
      again: (item) => this.renderAgain(item),
      step: (by) => this.pick(this.selected + by),
      leave: () => this.leaveShot(),
      changed: () => this.soonShots(),
    });
    this.build(root);
    setTitle(id);
    const soon = (method, ms) => throttleQuietly(() => this[method](), ms);
    this.soonShots = soon('loadShots', 1000);
    this.soonAll = soon('load', 1000);
    this.soonHistory = soon('loadEvents', 2000);
    this.followChanges();
    window.addEventListener('session', () => this.job && this.paint(), { signal });
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
    this.log = h('a.small', { href: `${jobUrl(this.id)}/log`, hidden: true }, 'Whole log');
    this.attempts = h('a.small', { hidden: true }, 'Compare attempts');
    this.history = h(
      'section.panel',
      { 'aria-label': 'History', hidden: true },
      h('header', h('h2', 'History'), this.log, this.attempts),
      this.historyBody,
    );
    this.wall.el.hidden = true;
    const back = h('a.back', { href: listUrl() }, icon('back', 16), 'Jobs');
    const title = h('div.title-line', this.title, this.badge);
    this.columns = h(
      'div.job-columns',
      h('div.job-main', this.cause, this.stage.el, this.wall.el, this.history),
      h('div.job-side', this.inspector.el, this.details.parts),
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
      await this.takeShots(this.job);
      if (!this.alive()) return;
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
    const { text, data } = await send('GET', jobPath(this.id, '/shots'), { signal: this.signal });
    if (!this.alive() || text === this.shotsText) return;
    await this.takeShots({ ...data, shots_next_after: data.next_after });
    this.shotsText = text;
    if (this.alive()) this.paintShots();
  }

  /** All shots: a job may have more than one answer holds. */
  async takeShots({ shots = [], shots_next_after: next }) {
    const all = [...shots];
    let after = next ?? null;
    while (after !== null && this.alive()) {
      const path = jobPath(this.id, `/shots${query({ after })}`);
      const page = await get(path, { signal: this.signal });
      all.push(...page.shots);
      after = page.next_after;
    }
    this.shots = all;
  }

  // Each part paints only what differs.

  paint() {
    const { job } = this;
    const name = job.project_title || job.job_id;
    tellEnd(job);
    setTitle(job.status === 'processing' ? `${percent(job.progress)} ${name}` : name);
    steady(this.title, name, () => put(this.title, jobTitle(job)));
    showStanding(this.badge, job, 'large');
    steady(this.line, [job.job_type, job.mode, job.priority], () => this.paintLine());
    const bad = this.failedShots();
    const shown = [job.status, isStuck(job), job.cancel_requested_at, bad, mayChange(job)];
    steady(this.buttons, shown, () => this.paintButtons(bad));
    steady(this.cause, [job.error, job.status, job.attempt], () => this.paintCause());
    this.paintShots();
    this.details.show(job, this.text, this.etag);
    if (this.events.length) this.paintHistory();
    this.restoreShot();
  }

  paintLine() {
    const { job_id: id, job_type: type, priority, context } = this.job;
    const parent = context?.retry_of;
    put(
      this.line,
      h('code', id),
      copyButton(id, 'Copy the id'),
      h('a', { href: `/jobs${query({ job_type: type })}` }, type),
      priority !== 0 && h('span.tag', `priority ${priority}`),
      typeof parent === 'string' && [
        h('a', { href: jobUrl(parent) }, 'Made from ', user(parent)),
        h('a', { href: compareUrl(parent, id) }, 'Compare with it'),
      ],
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
      canRetry(job) &&
        hinted(
          'The same job runs again; shots that are done stay',
          actionButton(again, 'retry', () => retry(this.job), 'primary'),
        ),
      bad > 0 &&
        !active &&
        mayChange(this.job) &&
        hinted(
          'A new job makes only these shots',
          actionButton(shots, 'retry', () => retryFailedItems(this.job)),
        ),
      hasEnded(job) && actionButton('Run again', 'plus', () => runAgain(this.job)),
      canCancel(job) && actionButton('Cancel', 'cancel', () => cancel(this.job)),
      menuButton('More actions', () => pageMenu(this.job), { class: 'button icon' }),
    );
  }

  paintCause() {
    const { job } = this;
    put(this.cause, job.error && job.status !== 'completed' && errorCard(job));
  }

  paintShots() {
    this.wall.el.hidden = !this.shots.length;
    this.wall.ended = hasEnded(this.job);
    if (this.shots.length) this.wall.show(this.shots, this.selected);
    if (this.selected !== null) this.inspector.show(this.selected);
    if (this.job) this.stage.show();
  }

  paintHistory() {
    const { job, events } = this;
    const seq = this.lastSeq();
    this.history.hidden = !events.length;
    this.log.hidden = !events.some((event) => event.kind === 'logged');
    this.attempts.hidden = job.attempt < 2;
    this.attempts.href = local(attemptsUrl(job));
    steady(this.historyBody, [seq, job.version], () => {
      const load = { onclick: () => this.loadEvents().catch(() => {}) };
      const text = `The first ${plural(events.length, 'event')} are shown. `;
      const more = h('p.small', text, h('button.link', load, 'Load more'));
      const list = eventList(events, seq < job.version && more);
      put(this.historyBody, attemptBars(events, job), list);
    });
  }

  /** Selects the shot that the address names, once. */
  restoreShot() {
    const shot = this.search.get('shot');
    if (shot === null || !this.shots.length) return;
    this.search.delete('shot');
    const at = Number(shot) - 1;
    if (this.shots[at]) this.pick(at);
  }

  /** Selects a shot in player, wall and inspector. A film that plays opens no inspector. */
  pick(at, { playing = false } = {}) {
    if (!this.shots[at]) return;
    if (playing && this.selected === null) {
      this.wall.follow(this.shots, at);
      return;
    }
    this.selected = at;
    go(jobUrl(this.id) + query({ shot: at + 1 }), { replace: true });
    this.columns.classList.add('inspecting');
    if (!playing) this.player.select(at);
    this.inspector.show(at);
    this.wall.follow(this.shots, at);
  }

  leaveShot() {
    const at = this.selected;
    this.selected = null;
    this.inspector.hide();
    this.columns.classList.remove('inspecting');
    go(jobUrl(this.id), { replace: true });
    this.wall.show(this.shots, null);
    this.wall.reveal(at)?.focus({ preventScroll: true });
  }

  /** Keys on a tile: arrows lead on, Enter opens large, Space plays. */
  shotKey(event) {
    const { key, target } = event;
    const at = target.closest('.shot')?.at;
    const by = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (at === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    if (by && this.shots[at + by]) {
      event.preventDefault();
      this.pick(at + by);
      this.wall.reveal(at + by)?.focus();
    } else if ((key === 'Enter' || key === ' ') && at === this.selected) {
      event.preventDefault();
      if (key === ' ') this.player.playOrPause();
      else this.player.enlarge();
    }
  }

  async renderAgain(item) {
    try {
      const job = await renderAgain(this.id, item, { 'Idempotency-Key': randomId() });
      const link = ['Show it', jobUrl(job.job_id)];
      toast('A new job renders this shot again.', { link });
    } catch (error) {
      failed(error);
    }
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
      tellEnd(data);
      const words = { completed: '● Ready:', processing: percent(data.progress) };
      const state = words[data.status] ?? data.status;
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
    if (key !== 'Escape') return;
    if (this.selected === null) go(listUrl());
    else this.leaveShot();
  }

  close() {
    this.stream.close();
    this.endChanged();
    clearInterval(this.timer);
    this.player.close();
    for (const soon of [this.soonShots, this.soonAll, this.soonHistory]) soon.cancel();
    document.querySelector('dialog[open]')?.close();
  }
}

export const mount = (root, context) => new JobPage(root, context);
