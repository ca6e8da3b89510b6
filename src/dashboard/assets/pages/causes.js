// Causes of failures: what failed alike, since when, where, and a way to retry all of it.
import { get, jobPath, query } from '../app/api.js';
import { go } from '../app/router.js';
import { bulk } from '../parts/bulk.js';
import { attempt } from '../parts/dialogs.js';
import { h, patch, put } from '../parts/dom.js';
import { counted, exact, now, plural, when } from '../parts/format.js';
import { textBox } from '../parts/json.js';
import { panelPage } from '../parts/list-page.js';
import { FAILURES } from '../parts/overview/panels.js';
import { panel } from '../parts/panel.js';
import { spark } from '../parts/spark.js';
import { jobTitle, jobUrl, user } from '../parts/text.js';
import { actionButton, choice, empty } from '../parts/ui.js';

/** Ranges by their name in the address: text, and length in hours. */
const RANGES = { day: ['24 h', 24], week: ['7 d', 168], all: ['All', null] };

/** Bars of a trend. */
const BINS = 24;

const second = (time) => new Date(time).toISOString().replace(/\.\d+/, '');

/** The filter of a list and of an action that leads to the jobs of a cause. */
const filterOf = ({ signature }, since) => ({
  status: 'failed',
  error: signature || null,
  ended_after: since,
});

/** How the failures of a cause lie in time, from the first to now. */
function trendOf(times) {
  const first = Math.min(...times);
  const step = Math.max(1, (now() - first) / BINS);
  const bins = Array(BINS).fill(0);
  for (const time of times) bins[Math.min(BINS - 1, Math.floor((time - first) / step))] += 1;
  return bins;
}

/** The values of a field of the jobs, the most frequent first. */
function frequent(jobs, field) {
  const numbers = new Map();
  for (const job of jobs) {
    if (job[field]) numbers.set(job[field], (numbers.get(job[field]) ?? 0) + 1);
  }
  return [...numbers].sort((a, b) => b[1] - a[1]);
}

function sampleOf(job) {
  const body = h('div');
  const load = ({ target }) => {
    if (!target.open || body.firstChild) return;
    attempt(async () => {
      const { error } = await get(jobPath(job.job_id));
      put(body, textBox('trace', 'The whole error', error ?? ''));
    });
  };
  return h('details', { ontoggle: load }, h('summary', 'Whole error of the latest'), body);
}

/** Links to the jobs of a cause by a field, with their numbers if all were looked at. */
function doors(label, { jobs, total }, field, filter) {
  const all = frequent(jobs, field);
  if (!all.length) return null;
  const door = ([value, n]) =>
    h(
      'a.tag',
      { href: `/jobs${query({ ...filter, [field]: value })}` },
      user(value),
      jobs.length === total && ` ${exact(n)}`,
    );
  const more = all.length > 6 && h('span.small', `and ${exact(all.length - 6)} more`);
  return h('span.chips', h('span.small', label), all.slice(0, 6).map(door), more);
}

function causeCard(cause, since, again) {
  const { error, jobs, total } = cause;
  const times = jobs.map((job) => Date.parse(job.failed_at)).filter(Number.isFinite);
  const latest = jobs.reduce((a, b) => (b.failed_at > a.failed_at ? b : a));
  const filter = filterOf(cause, since);
  const href = `/jobs${query(filter)}`;
  const name = total === 1 ? 'Retry' : `Retry ${exact(total)}`;
  const label = `${plural(total, 'failed job')} of this cause`;
  return h(
    'article.cause-card',
    { data: { key: cause.signature } },
    h('a.big.times', { href, 'aria-label': label }, counted(total)),
    h(
      'div.cause',
      h('h2', user(error, 'No reason was given')),
      h(
        'p.small',
        'last ',
        when(latest.failed_at),
        ' in ',
        h('a', { href: jobUrl(latest.job_id) }, jobTitle(latest)),
        times.length > 1 && [' · first ', when(second(Math.min(...times)))],
      ),
      doors('Types', cause, 'job_type', filter),
      doors('Workers', cause, 'worker_id', filter),
      sampleOf(latest),
    ),
    h('div.cause-trend', times.length > 1 && spark(trendOf(times), label)),
    error && actionButton(name, 'retry', () => again(cause), 'primary'),
  );
}

/** As many failures may be older than those that were looked at: these are counted. */
async function withTotals(causes, since, signal) {
  const looked = causes.reduce((sum, { jobs }) => sum + jobs.length, 0);
  const inRange = causes
    .map((cause) => {
      const jobs = cause.jobs.filter((job) => !since || job.failed_at >= since);
      return { ...cause, jobs, total: jobs.length };
    })
    .filter(({ jobs }) => jobs.length > 0);
  if (looked < FAILURES) return inRange;
  const count = async (cause) => {
    if (!cause.signature) return cause;
    const counts = await get(`/jobs/counts${query(filterOf(cause, since))}`, { signal });
    return { ...cause, total: counts.failed };
  };
  return [...(await Promise.all(inRange.slice(0, 10).map(count))), ...inRange.slice(10)];
}

const NONE = 'Nothing failed in this time, or everything was retried.';

export function mount(root, { search, signal }) {
  let range = RANGES[search.get('range')] ? search.get('range') : 'all';
  const hours = () => RANGES[range][1];
  // Whole minutes, so that the list changes only when something failed.
  const since = () => hours() && second(Math.floor(now() / 60000) * 60000 - hours() * 3600 * 1000);
  const again = async (cause) => {
    const { status, ...filter } = filterOf(cause, since());
    const set = Object.entries({ ...filter, status: [status] }).filter(([, value]) => value);
    await bulk('retry', Object.fromEntries(set), cause.error, true);
    list.refreshQuietly();
  };
  const list = panel(null, {
    name: 'bare',
    load: async () => {
      const from = since();
      const { causes } = await get(`/stats${query({ failures: FAILURES })}`, { signal });
      return { from, causes: await withTotals(causes, from, signal) };
    },
    render: (body, { from, causes }) =>
      patch(
        body,
        causes.length
          ? causes.map((cause) => causeCard(cause, from, again))
          : empty('No failures', NONE),
      ),
  });
  const options = Object.entries(RANGES).map(([key, [text]]) => [key, text]);
  const pick = (key) => go(key === 'all' ? '/causes' : `/causes?range=${key}`, { replace: true });
  const tools = [choice('Range', options, range, pick)];
  const sub = `Of the last ${FAILURES} failed jobs; errors that differ in numbers are one cause`;
  const page = panelPage(root, 'Causes of failures', [list], signal, { tools, sub, every: 5000 });
  const update = (params) => {
    range = RANGES[params.get('range')] ? params.get('range') : 'all';
    list.refreshQuietly();
  };
  return { ...page, update };
}
