// The list of jobs. Its filter is in the URL, its rows change in place, and bulk actions work on
// the selected jobs or on all that match.
import { Again } from '../app/again.js';
import { get, query } from '../app/api.js';
import { connection, onConnection } from '../app/connection.js';
import { UNTOLD, apply, onJobChanged } from '../app/job-events.js';
import { follow } from '../app/live.js';
import { go, setTitle } from '../app/router.js';
import { cancel, retry } from '../parts/actions.js';
import { bulk } from '../parts/bulk.js';
import { h, put, setText, throttleQuietly } from '../parts/dom.js';
import { fromUrl, inWords, isFiltered, toAction } from '../parts/filters.js';
import { exact } from '../parts/format.js';
import { Rows } from '../parts/jobs/rows.js';
import { Search } from '../parts/jobs/search.js';
import { Selection } from '../parts/jobs/selection.js';
import { Views } from '../parts/jobs/views.js';
import { Pager, SIZES, Tabs } from '../parts/jobs/pages.js';
import { WORDS } from '../parts/status.js';
import { user } from '../parts/text.js';
import { empty, head, problemBox, skeleton } from '../parts/ui.js';

/** Kinds of events that bring no job into a list. */
const QUIET = ['progressed', 'items_reported', 'shots_updated', 'shot_described'];

class JobsPage {
  constructor(root, { search, signal, alive }) {
    Object.assign(this, { signal, alive, turn: 0, jobs: [], total: 0, more: false, next: null });
    this.read(search);
    this.search = new Search(this);
    this.selection = new Selection(this);
    this.rows = new Rows(this);
    this.tabs = new Tabs(this);
    this.views = new Views(this);
    this.pager = new Pager(this);
    this.pill = h('button.pill', { hidden: true, onclick: () => this.load() });
    this.frame = h('div.list-frame');
    put(
      root,
      head('Jobs'),
      this.search.parts,
      this.views.el,
      this.tabs.el,
      h('div.pill-slot', this.pill),
      this.frame,
      this.pager.el,
      this.selection.tray,
    );
    this.again = new Again(() => {
      this.load();
      this.loadCounts().catch(() => {});
    }, signal);
    this.soonRows = throttleQuietly(() => this.refreshRows(), 1500);
    this.soonCounts = throttleQuietly(() => this.loadCounts(), 1000);
    root.addEventListener('pagekey', ({ detail }) => this.key(detail), { signal });
    this.followChanges();
    this.begin();
  }

  read(search) {
    this.filter = fromUrl(search);
    this.order = search.get('order') === 'created_at' ? 'created_at' : null;
    this.cursor = search.get('cursor');
    this.size = SIZES.includes(search.get('limit')) ? search.get('limit') : SIZES[0];
  }

  /** The address of the list with changes, by default from its first page on. */
  url(changes = {}) {
    const limit = this.size === SIZES[0] ? null : this.size;
    return `/jobs${query({ ...this.filter, order: this.order, limit, ...changes })}`;
  }

  setFilter(filter, replace) {
    this.filter = filter;
    go(this.url(), { replace });
  }

  begin() {
    try {
      sessionStorage.setItem('callsheet.list', `/jobs${location.search}`);
    } catch {
      // The way back leads to the whole list then.
    }
    this.search.show();
    this.views.show(isFiltered(this.filter) || Boolean(this.order));
    this.tabs.show(this.counts);
    this.load();
    this.loadCounts().catch(() => {});
  }

  update(search) {
    this.read(search);
    this.jobs = [];
    this.selection.forgetPage();
    this.rows.at = -1;
    this.begin();
  }

  async loadCounts() {
    const { status, ...rest } = this.filter;
    // Counting the matches of a text means reading every job.
    const { signal } = this;
    const counts =
      rest.q || rest.error ? undefined : await get(`/jobs/counts${query(rest)}`, { signal });
    if (!this.alive()) return;
    this.counts = counts;
    this.tabs.show(counts);
  }

  page(cursor = this.cursor) {
    const { filter, order, size: limit, signal } = this;
    return get(`/jobs${query({ ...filter, order, cursor, limit, view: 'preview' })}`, { signal });
  }

  take({ pagination }) {
    this.total = pagination.total;
    this.more = !pagination.total_exact;
  }

  async load() {
    const mine = ++this.turn;
    const current = () => mine === this.turn && this.alive();
    const waits = () => current() && !this.jobs.length && !this.again.failures;
    const wait = () => waits() && put(this.frame, skeleton(8));
    const timer = setTimeout(wait, 200);
    this.pill.hidden = true;
    try {
      let page = await this.page();
      while (current() && !page.jobs.length && page.pagination.next_cursor) {
        this.showMessage(
          empty('Looking further', 'Nothing is found in the jobs that were looked at so far.'),
        );
        page = await this.page(page.pagination.next_cursor);
      }
      if (!current()) return;
      this.jobs = page.jobs;
      this.next = page.pagination.next_cursor;
      this.again.succeeded();
      this.take(page);
      this.paint();
    } catch (error) {
      if (error.name !== 'AbortError' && mine === this.turn) this.failed(error);
    } finally {
      clearTimeout(timer);
    }
  }

  failed(error) {
    this.again.failed(error);
    const details = error.status === 400 ? (error.errors ?? []) : [];
    if (details.length) this.search.showBad(details.map((e) => h('span', user(e.detail), ' ')));
    this.showMessage(problemBox(error, () => this.load()));
  }

  showMessage(el) {
    put(this.frame, el);
    put(this.pager.el);
  }

  paint() {
    this.search.show();
    const word = WORDS[this.filter.status];
    setTitle(word ? `${word} jobs` : 'Jobs');
    if (!this.jobs.length) this.showMessage(this.emptyText());
    else {
      if (!this.rows.el.isConnected) put(this.frame, this.rows.el);
      this.rows.show(this.jobs);
      this.pager.show();
    }
    this.selection.show();
  }

  emptyText() {
    if (!isFiltered(this.filter) && !this.cursor) {
      const start = h('a.button.primary', { href: '/new' }, 'New job');
      const docs = h('a.button', { href: '/docs' }, 'API docs');
      return empty('No jobs yet', 'Start a video here, or send one to the API.', start, docs);
    }
    const where = isFiltered(this.filter) ? inWords(this.filter) : 'this page any more';
    const clear = { onclick: () => this.search.clear() };
    return empty(
      'No job matches',
      this.filter.q ? this.nothingFound() : `No job is under ${where}.`,
      h('button.button', clear, 'Clear the filter'),
    );
  }

  /** What a search did not find, in words. */
  nothingFound() {
    const { q, status, ...rest } = this.filter;
    const kind = status ? `${status} job` : 'job';
    const more = isFiltered(rest) ? `, under ${inWords(rest)}` : '';
    return h('span', `No ${kind} has “`, user(q), `” in its title or text${more}.`);
  }

  find(id) {
    return this.jobs.find((job) => job.job_id === id);
  }

  /** Paints the rows, with their selection, as they are now. */
  repaint() {
    for (const job of this.jobs) this.rows.update(job);
    this.selection.show();
  }

  async act(action) {
    const ids = this.selection.ids();
    const failures = this.selection.all
      ? await bulk(action, toAction(this.filter), inWords(this.filter), true)
      : await bulk(action, { job_ids: ids }, `${exact(ids.length)} selected`, false);
    if (!failures) return;
    // What failed stays selected, to be looked at.
    this.selection.replace(failures);
    this.refreshRows();
    this.repaint();
  }

  /** Updates the rows that are shown; new jobs wait behind the pill, so that no row moves. */
  async refreshRows() {
    const mine = this.turn;
    const page = await this.page();
    if (this.again.failures && this.alive()) {
      await this.load();
      return;
    }
    if (mine !== this.turn || !this.alive()) return;
    let fresh = 0;
    for (const job of page.jobs) {
      const old = this.find(job.job_id);
      if (!old) fresh += 1;
      else if (job.version >= old.version) Object.assign(old, job);
    }
    this.take(page);
    if (!this.jobs.length && page.jobs.length) {
      await this.load();
      return;
    }
    this.pill.hidden = fresh === 0;
    setText(this.pill, `▲ ${fresh}${fresh >= Number(this.size) ? '+' : ''} new`);
    this.repaint();
    this.pager.show();
  }

  followChanges() {
    const all = () => {
      this.soonRows();
      this.soonCounts();
    };
    const poll = () => Promise.all([this.refreshRows(), this.loadCounts()]);
    const changes = (events) => this.changes(events);
    this.stream = follow('/events/stream', { changes, reset: all, poll });
    let { paused } = connection;
    this.endConnection = onConnection((now) => {
      if (paused && !now.paused) all();
      paused = now.paused;
    });
    this.endChanged = onJobChanged((job) => this.changed(job));
  }

  changes(events) {
    let fresh = false;
    let moved = false;
    for (const event of events) {
      const job = this.find(event.job_id);
      const before = job?.status;
      if (job && event.kind === 'deleted') job.gone = true;
      if (job && UNTOLD.includes(event.kind)) fresh = true;
      else if (job && apply(job, event)) this.rows.update(job);
      if (!job && !QUIET.includes(event.kind)) fresh = true;
      if (!job || before !== event.status || event.kind === 'deleted') moved = true;
    }
    if (fresh) this.soonRows();
    if (moved) this.soonCounts();
  }

  /** A call changed the job. */
  changed(job) {
    const shown = this.find(job.job_id);
    if (!shown) return;
    if (job.kind === 'deleted') {
      shown.gone = true;
      this.selection.drop(job.job_id);
    } else apply(shown, job);
    this.rows.update(shown);
    this.soonCounts();
  }

  key({ key, target, stop }) {
    const job = this.rows.jobAt(target);
    if (key === 'j' || key === 'k') this.rows.move(key === 'j' ? 1 : -1);
    else if (key === '[') this.pager.newer();
    else if (key === ']') this.pager.older();
    else if (key === 'Escape' && this.selection.any()) this.selection.clear();
    else if (job && key === 'x') {
      stop();
      this.selection.toggle(job.job_id);
    } else if (job && key === 'r') retry(job);
    else if (job && key === 'c') cancel(job);
  }

  close() {
    this.stream.close();
    this.endChanged();
    this.endConnection();
    this.search.close();
    this.soonRows.cancel();
    this.soonCounts.cancel();
    document.body.removeAttribute('data-tray');
  }
}

export const mount = (root, context) => new JobsPage(root, context);
