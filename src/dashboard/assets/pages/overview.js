// The first page: what runs, what waits, what failed, and charts. Three calls fill it. What is not
// on its first screen is loaded when that is there.
import { Again } from '../app/again.js';
import { get, query } from '../app/api.js';
import { apply, onJobChanged } from '../app/job-events.js';
import { follow } from '../app/live.js';
import { go, setTitle } from '../app/router.js';
import { withStyles } from '../app/styles.js';
import { clientId } from '../parts/client.js';
import { h, put, setText, throttleQuietly } from '../parts/dom.js';
import { count, when } from '../parts/format.js';
import { mineSection, showCards, showMine } from '../parts/overview/cards.js';
import {
  FAILURES,
  TILED,
  linkedPanel,
  showAttention,
  showTiles,
  showWaiting,
  showWorkers,
  tilesPanel,
} from '../parts/overview/panels.js';
import { choice, head, problemBox, skeleton } from '../parts/ui.js';

/** Ranges by the length of their bins: name, and words in a sentence. */
const RANGES = {
  minute: ['1 h', 'the last hour'],
  quarter_hour: ['24 h', 'the last day'],
  hour: ['7 d', 'the last week'],
};

const CARDS = 8;
const DRAW_EVERY_MS = 5000;

/** Queues whose ends are foreseen, and how often. */
const FORECASTS = 4;
const FORECAST_EVERY_MS = 15000;
const ANNOUNCE_EVERY_MS = 10000;

const second = (time) => new Date(time).toISOString().replace('.000', '');

/** Opens the jobs that ended between two moments. */
const openBin = (from, to) =>
  go(`/jobs${query({ ended_after: second(from), ended_before: second(to) })}`);

/** Modules of what is loaded later. */
const PARTS = {
  charts: () => import('../parts/charts.js'),
  failures: () => import('../parts/overview/failures.js'),
  films: () => import('../parts/overview/films.js'),
  forecasts: () => import('../parts/overview/forecasts.js'),
};

const part = (name) => withStyles(PARTS[name]());

const makeCharts = ({ chart }) => [
  chart({ title: 'Throughput', unit: 'jobs ended per bin', kind: 'bars', pick: openBin }),
  chart({ title: 'Run time', unit: 'start to end', kind: 'band', field: 'run', pick: openBin }),
  chart({ title: 'Wait', unit: 'in the queue', kind: 'band', field: 'wait' }),
];

class OverviewPage {
  constructor(root, { signal, alive, search }) {
    Object.assign(this, { root, signal, alive, range: search.get('range'), stats: null });
    Object.assign(this, { running: new Map(), mine: [], begun: null, causes: undefined });
    Object.assign(this, { forecasts: [], foreseen: -Infinity, forecastRow: null });
    Object.assign(this, { drawn: -Infinity, asked: -Infinity, announced: -Infinity });
    setTitle('');
    this.build();
    this.soonStats = throttleQuietly(() => this.loadStats(), 1000);
    this.soonRunning = throttleQuietly(() => this.loadRunning(), 1000);
    this.soonFrames = throttleQuietly(() => this.loadRunning(), 3000);
    this.soonMine = throttleQuietly(() => this.loadMine(), 1000);
    this.followChanges();
    // Bins and ages move on when nothing happens, too.
    this.timer = setInterval(() => !document.hidden && this.soonStats(), 15000);
    this.again = new Again(() => this.begin(), this.signal);
    this.begin();
  }

  bucket() {
    return RANGES[this.range] ? this.range : 'minute';
  }

  build() {
    this.asOf = h('span', ' ');
    this.trouble = h('div.trouble');
    this.mineEl = mineSection();
    this.attention = h('section.attention', { 'aria-label': 'Attention' });
    this.tiles = tilesPanel();
    this.cards = h('div.cards', skeleton(3));
    const running = '/jobs?status=processing';
    this.runningEl = linkedPanel('Running now', 'All running', running, this.cards);
    this.waiting = linkedPanel('Waiting', 'All waiting', '/jobs?status=queued');
    this.workers = linkedPanel('Workers', 'All workers', '/workers');
    this.failures = linkedPanel('Failures', 'All causes', '/causes');
    this.films = h('section', { hidden: true });
    this.plots = h('div.plot-grid.plots-ahead');
    this.charts = null;
    put(
      this.root,
      head('Overview', this.asOf),
      this.trouble,
      this.mineEl,
      this.attention,
      this.tiles,
      h(
        'div.split',
        h('div.side', this.runningEl, this.films),
        h('div.side', this.waiting, this.workers),
      ),
      this.failures,
      this.chartsSection(),
    );
  }

  chartsSection() {
    const options = Object.entries(RANGES).map(([key, [text]]) => [key, text]);
    const pick = (key) => go(key === 'minute' ? '/' : `/?range=${key}`, { replace: true });
    const header = h(
      'header',
      h('h2', 'Throughput and times'),
      choice('Range', options, this.bucket(), pick),
    );
    const label = { 'aria-label': 'Charts' };
    return h('section.panel.plots', label, header, this.plots);
  }

  /** All numbers come in one answer, with the causes of failures only when another job failed. */
  async loadStats() {
    const time = performance.now();
    const outdated = this.causes !== this.stats?.jobs.failed;
    const causes = !this.stats || (outdated && time - this.asked > 5000);
    if (causes) this.asked = time;
    const params = { bucket: this.bucket(), next: 5, failures: causes ? FAILURES : null };
    const stats = await get(`/stats${query(params)}`, { signal: this.signal });
    if (!this.alive()) return;
    this.stats = stats;
    this.compareCounts();
    this.showStats(stats);
    if (time - this.drawn <= DRAW_EVERY_MS) return;
    this.drawn = time;
    this.draw().catch(() => {
      this.drawn = -Infinity;
    });
  }

  async draw() {
    const made = this.charts ?? makeCharts(await part('charts'));
    if (!this.alive()) return;
    if (!this.charts) {
      this.charts = made;
      put(this.plots, made);
      this.plots.classList.remove('plots-ahead');
    }
    for (const one of this.charts) one.show(this.stats.buckets);
  }

  showStats(stats) {
    put(this.asOf, 'As of ', when(stats.as_of));
    showTiles(this.tiles, stats, RANGES[this.bucket()][1]);
    this.failed = stats.causes ?? this.failed;
    showAttention(this.attention, stats, this.failed);
    this.showWaiting();
    this.showFilms(stats.jobs.completed);
    if (performance.now() - this.foreseen > FORECAST_EVERY_MS) this.foresee(stats);
    showWorkers(this.workers, stats);
    if (stats.causes) {
      this.causes = stats.jobs.failed;
      this.showFailures(stats.causes).catch(() => {
        this.causes = undefined;
      });
    } else if (this.causes !== stats.jobs.failed) this.soonStats();
    this.announce(stats);
  }

  showWaiting() {
    showWaiting(this.waiting, this.stats, this.forecasts, this.forecastRow);
  }

  async showFailures(causes) {
    const { showFailures } = await part('failures');
    if (this.alive()) showFailures(this.failures, causes, () => this.soonStats());
  }

  /** Asks for the newest films when another job was completed. */
  showFilms(completed) {
    if (completed === this.completed) return;
    this.completed = completed;
    if (completed) this.loadFilms().catch(() => {});
    else this.films.hidden = true;
  }

  async loadFilms() {
    if (!this.films.load) {
      const { filmsPanel } = await part('films');
      const panel = this.films.load ? this.films : filmsPanel();
      this.films.replaceWith(panel);
      this.films = panel;
    }
    await this.films.load(this.signal);
  }

  /** When the longest queues are likely to be empty. */
  async foresee({ by_type: types }) {
    this.foreseen = performance.now();
    const waiting = types.filter((type) => type.queued > 0);
    const longest = waiting.sort((a, b) => b.queued - a.queued).slice(0, FORECASTS);
    const load = ({ job_type: type }) =>
      get(`/queues/${encodeURIComponent(type)}/forecast`, { signal: this.signal });
    try {
      const loads = [part('forecasts'), ...longest.map(load)];
      [{ forecastRow: this.forecastRow }, ...this.forecasts] = await Promise.all(loads);
    } catch {
      // The next statistics ask again.
      this.forecasts = [];
    }
    if (this.alive()) this.showWaiting();
  }

  /** For screen readers. */
  announce({ jobs }) {
    if (performance.now() - this.announced < ANNOUNCE_EVERY_MS) return;
    this.announced = performance.now();
    const text = `${jobs.processing} running, ${jobs.queued} waiting, ${jobs.failed} failed`;
    setText(document.getElementById('summary'), text);
  }

  async loadRunning() {
    const path = `/jobs?status=processing&view=preview&limit=${CARDS + 4}`;
    const { jobs, pagination } = await get(path, { signal: this.signal });
    if (!this.alive()) return;
    const newest = (job) => {
      const known = this.running.get(job.job_id);
      // Events are newer than the list; the frame is only in the list.
      if (!(known?.version > job.version)) return job;
      const { newest_frame_path: frame, newest_clip_path: clip } = job;
      return { ...known, newest_frame_path: frame, newest_clip_path: clip };
    };
    this.running = new Map(jobs.map((job) => [job.job_id, newest(job)]));
    const { total } = pagination;
    setText(this.runningEl.link, total > CARDS ? `All ${count(total)} running` : 'All running');
    this.paintRunning();
  }

  paintRunning() {
    const jobs = [...this.running.values()].filter((job) => job.status === 'processing');
    showCards(this.cards, jobs.slice(0, CARDS), this.stats?.jobs.queued > 0);
  }

  /** The server keeps the jobs of this browser, so that a reload shows them at once. */
  async loadMine() {
    const path = `/active-jobs${query({ client_id: clientId() })}`;
    const { active_jobs: active } = await get(path, { signal: this.signal });
    if (!this.alive()) return;
    this.mine = active.map((entry) => entry.job);
    showMine(this.mineEl, this.mine);
  }

  loadAll() {
    return Promise.all([this.loadStats(), this.loadRunning(), this.loadMine()]);
  }

  async begin() {
    try {
      await this.loadAll();
      this.loaded();
    } catch (error) {
      if (error.name === 'AbortError') return;
      this.again.failed(error);
      put(
        this.trouble,
        problemBox(error, () => this.begin()),
      );
      this.root.setAttribute('data-unloaded', '');
    }
  }

  loaded() {
    this.again.succeeded();
    put(this.trouble);
    this.root.removeAttribute('data-unloaded');
  }

  followChanges() {
    this.stream = follow('/events/stream', {
      changes: (events) => this.changes(events),
      snapshot: ({ counts }) => this.snapshot(counts),
      reset: () => this.loadAll().catch(() => {}),
      poll: () => this.loadAll().then(() => this.loaded()),
    });
    this.endChanged = onJobChanged((job) => {
      if (job.kind === 'deleted') {
        this.running.delete(job.job_id);
        this.paintRunning();
      }
      this.soonStats();
      this.soonRunning();
    });
  }

  snapshot(counts) {
    this.begun = counts;
    if (this.root.hasAttribute('data-unloaded')) this.begin();
    else this.compareCounts();
  }

  /**
   * Changes between the first answer and the start of the stream are in neither: the counts of
   * both differ then.
   */
  compareCounts() {
    if (!this.stats || !this.begun) return;
    if (TILED.some((status) => this.stats.jobs[status] !== this.begun[status])) {
      this.soonStats();
      this.soonRunning();
    }
    this.begun = null;
  }

  changes(events) {
    let painted = false;
    for (const event of events) {
      if (this.applyToRunning(event)) painted = true;
      this.applyToMine(event);
    }
    if (painted) this.paintRunning();
    showMine(this.mineEl, this.mine);
    this.soonStats();
  }

  applyToRunning(event) {
    const job = this.running.get(event.job_id);
    const runs = event.status === 'processing' && event.kind !== 'deleted';
    const shots = job?.completed_shots;
    if (runs !== Boolean(job)) this.soonRunning();
    if (!job || !apply(job, event)) return false;
    if (job.completed_shots !== shots) this.soonFrames();
    return true;
  }

  applyToMine(event) {
    const job = this.mine.find((one) => one.job_id === event.job_id);
    if (!job) return;
    apply(job, event);
    const active = event.status === 'queued' || event.status === 'processing';
    if (!active || event.kind === 'deleted') this.soonMine();
  }

  update(search) {
    this.range = search.get('range');
    this.drawn = -Infinity;
    this.soonStats.cancel();
    this.loadStats().catch(() => {});
  }

  close() {
    this.root.removeAttribute('data-unloaded');
    this.stream.close();
    this.endChanged();
    clearInterval(this.timer);
    for (const soon of [this.soonStats, this.soonRunning, this.soonFrames, this.soonMine]) {
      soon.cancel();
    }
  }
}

export const mount = (root, context) => new OverviewPage(root, context);
