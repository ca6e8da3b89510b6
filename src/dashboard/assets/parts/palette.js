// A box that leads anywhere: to pages, jobs by id or title, and commands.
import { get, jobPath, query } from '../app/api.js';
import { PAGES } from '../app/pages.js';
import { go } from '../app/router.js';
import { dialog } from './dialogs.js';
import { h, put, throttle } from './dom.js';
import { icon } from './icons.js';
import { savedViews } from './jobs/views.js';
import { standing } from './status.js';
import { jobName, jobUrl } from './text.js';

/** Jobs that are listed. */
const JOBS = 8;

const pagesFor = (words) =>
  PAGES.filter((page) => page.name && page.name.toLowerCase().includes(words)).map((page) => ({
    key: page.path,
    icon: page.icon,
    text: page.name,
    kind: 'Page',
    run: () => go(page.path),
  }));

const viewsFor = (words) =>
  savedViews()
    .filter(({ name }) => name.toLowerCase().includes(words))
    .map(({ name, url }) => ({
      key: `view ${name}`,
      icon: 'filter',
      text: name,
      kind: 'Saved view',
      run: () => go(url),
    }));

const jobEntry = (job) => ({
  key: `job ${job.job_id}`,
  icon: 'film',
  text: jobName(job),
  kind: `${standing(job)[2]} · ${job.job_id}`,
  run: () => go(jobUrl(job.job_id)),
});

const searchEntry = (text) => ({
  key: 'search',
  icon: 'search',
  text: `Search jobs for “${text}”`,
  kind: 'List',
  run: () => go(`/jobs${query({ q: text })}`),
});

/** Jobs of the id or with the text in their titles. */
async function jobsFor(text, signal) {
  // A word is no id: a call that fails would be in the browser's console.
  const byId = /^\S*[\d_-]\S*$/.test(text) ? get(jobPath(text), { signal }) : Promise.reject();
  const oneById = byId.then(
    (job) => [job],
    () => [],
  );
  const params = { q: text, limit: JOBS, view: 'summary' };
  const byTitle = get(`/jobs${query(params)}`, { signal }).then(
    ({ jobs }) => jobs,
    () => [],
  );
  const found = (await Promise.all([oneById, byTitle])).flat();
  const ids = new Set();
  return found.filter(({ job_id: id }) => !ids.has(id) && ids.add(id)).slice(0, JOBS);
}

class Palette {
  constructor(commands, close) {
    Object.assign(this, { commands, close, at: 0, entries: [], jobs: [], turn: 0 });
    const combo = { role: 'combobox', 'aria-expanded': 'true', 'aria-controls': 'palette' };
    const label = 'Find a page, a job or a command';
    const own = { type: 'search', autofocus: true, autocomplete: 'off', placeholder: label };
    const events = { oninput: () => this.type(), onkeydown: (event) => this.key(event) };
    this.box = h('input', { ...combo, ...own, 'aria-label': label, ...events });
    this.list = h('ul.palette', { id: 'palette', role: 'listbox', 'aria-label': 'Found' });
    this.look = throttle(() => this.search(), 150);
    this.paint();
  }

  text() {
    return this.box.value.trim();
  }

  type() {
    this.at = 0;
    if (!this.text()) this.jobs = [];
    this.paint();
    if (this.text()) this.look();
  }

  async search() {
    const mine = ++this.turn;
    this.asked?.abort();
    this.asked = new AbortController();
    const jobs = await jobsFor(this.text(), this.asked.signal);
    if (mine !== this.turn || !this.list.isConnected) return;
    this.jobs = this.text() ? jobs : [];
    this.paint();
  }

  paint() {
    const text = this.text();
    const words = text.toLowerCase();
    const commands = this.commands.filter((one) => one.text.toLowerCase().includes(words));
    const jobs = this.jobs.map(jobEntry);
    const search = text ? [searchEntry(text)] : [];
    const places = [...pagesFor(words), ...viewsFor(words)];
    this.entries = [...places, ...commands, ...jobs, ...search];
    this.at = Math.min(this.at, this.entries.length - 1);
    put(
      this.list,
      this.entries.map((entry, i) => this.row(entry, i)),
    );
    this.box.setAttribute('aria-activedescendant', `palette-${this.at}`);
  }

  row(entry, i) {
    const selected = i === this.at;
    const props = { id: `palette-${i}`, role: 'option', 'aria-selected': String(selected) };
    const onclick = () => this.run(entry);
    const words = [h('span.title', entry.text), h('span.small', entry.kind)];
    return h('li', { ...props, onclick }, icon(entry.icon ?? 'next', 18), words);
  }

  run(entry) {
    this.close();
    entry.run();
  }

  key(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const { length } = this.entries;
    if (by && length) {
      event.preventDefault();
      this.at = (this.at + by + length) % length;
      this.paint();
      this.list.children[this.at].scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter' && length) {
      event.preventDefault();
      this.run(this.entries[this.at]);
    }
  }
}

/** `commands`: `{text, icon, kind, run}` each. */
export function openPalette(commands) {
  let palette = null;
  return dialog('Go to', (close) => {
    palette = new Palette(commands, close);
    return h('div.palette-box', palette.box, palette.list);
  }).finally(() => palette.look.cancel());
}
