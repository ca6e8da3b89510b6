// One side of a comparison: a job, or one attempt of it.
import { get, jobPath, mediaUrl, query, send } from '../../app/api.js';
import { h, put, steady } from '../dom.js';
import { between, duration, exact } from '../format.js';
import { newestFrame } from '../job/shots.js';
import { filmOf } from '../job/stage.js';
import { fact } from '../panel.js';
import { showStanding } from '../status.js';
import { jobName, jobTitle, jobUrl, user } from '../text.js';
import { attempts } from '../timeline.js';
import { Film } from './film.js';

/** Events that are read to tell attempts apart. */
const EVENTS = 1000;
const EVENTS_PAGE = 200;

async function pages(path, field, first, signal) {
  const all = [...first.rows];
  let after = first.next ?? null;
  while (after !== null && all.length < (first.most ?? Infinity)) {
    const page = await get(path({ after }), { signal });
    all.push(...page[field]);
    after = page.next_after;
  }
  return all;
}

async function eventsOf(id, signal) {
  const path = (given) => jobPath(id, `/events${query({ limit: EVENTS_PAGE, ...given })}`);
  const first = await get(path({}), { signal });
  const begun = { rows: first.events, next: first.next_after, most: EVENTS };
  return pages(path, 'events', begun, signal);
}

/** The shots as one attempt left them: what others made is not shown. */
function shotsOf(shots, events, number) {
  const made = new Map();
  let inside = false;
  for (const { kind, data } of events) {
    if (kind === 'started') inside = data?.attempt === number;
    if (inside) for (const { idx, status } of data?.items ?? []) made.set(idx, status);
  }
  return shots.map((shot, at) => {
    if (made.has(at)) return { ...shot, status: made.get(at) };
    const { visual_desc, motion_desc, audio_desc, seconds } = shot;
    return { elsewhere: true, status: 'pending', visual_desc, motion_desc, audio_desc, seconds };
  });
}

export class Side {
  /** `pick(attempt)` is called when another attempt is wanted; null for the whole job. */
  constructor(letter, measured, pick) {
    Object.assign(this, { letter, pick, job: null, text: '', shots: [], events: [] });
    this.film = new Film(measured, letter === 'B');
    this.badge = h('span');
    this.title = h('h2', letter);
    this.tools = h('div.row');
    this.facts = h('dl.facts-list');
    const header = h('header', h('b.side-letter', letter), this.title, this.badge);
    const body = h('div.panel-body.side-body', this.tools, this.film.el, this.facts);
    this.el = h('section.panel', { 'aria-label': `Side ${letter}` }, header, body);
  }

  async load(id, attempt, signal) {
    const { data: job, text } = await send('GET', jobPath(id), { signal });
    const more = (given) => jobPath(id, `/shots${query(given)}`);
    const begun = { rows: job.shots ?? [], next: job.shots_next_after };
    const shots = await pages(more, 'shots', begun, signal);
    this.events = attempt ? await eventsOf(id, signal) : [];
    Object.assign(this, { job, text, attempt });
    this.shots = attempt ? shotsOf(shots, this.events, attempt) : shots;
  }

  paint() {
    const { job, shots, attempt } = this;
    showStanding(this.badge, job);
    steady(this.title, job.project_title, () =>
      put(this.title, h('a', { href: jobUrl(job.job_id) }, jobTitle(job))),
    );
    steady(this.tools, [job.job_id, job.attempt, attempt], () => this.paintTools());
    put(this.facts, this.factsOf());
    const film = !attempt && job.status === 'completed' ? filmOf(job) : {};
    const poster = mediaUrl(job.result?.poster_path ?? job.result?.thumbnail_path);
    this.film.show({
      film: film.plays ? film.url : null,
      poster: poster ?? newestFrame(shots),
      name: `${this.letter}: video of ${jobName(job)}`,
      shots,
    });
  }

  paintTools() {
    const { job, attempt } = this;
    const option = (value, text) =>
      h('option', { value, selected: value === String(attempt ?? '') }, text);
    const numbers = Array.from({ length: job.attempt }, (_, i) => String(i + 1));
    const onchange = ({ target }) => this.pick(target.value || null);
    const label = `Attempt of side ${this.letter}`;
    const select = h(
      'select',
      { 'aria-label': label, onchange },
      option('', 'Whole job'),
      numbers.map((number) => option(number, `Attempt ${number}`)),
    );
    put(this.tools, h('code.wrap', job.job_id), job.attempt > 1 && select);
  }

  factsOf() {
    const { job, shots, attempt } = this;
    const one = attempt && attempts(this.events, job).find(({ number }) => number === attempt);
    const run = one?.parts.at(-1);
    const [from, to] = run ? [run.from, run.to] : [job.started_at, job.completed_at];
    const runs = job.status === 'processing';
    const error = one ? one.end?.data?.error : job.error;
    const worker = one ? one.worker : job.worker_id;
    const done = shots.filter(({ status }) => status === 'completed').length;
    const cost = attempt ? null : job.result?.cost;
    return [
      fact('Ran', from && (to ? duration(Math.round(between(from, to))) : runs && 'still runs')),
      fact('Worker', worker && user(worker)),
      fact('Shots', shots.length > 0 && `${exact(done)} of ${exact(shots.length)} done`),
      fact('Attempts', attempt ? null : `${job.attempt} of ${job.max_attempts}`),
      fact('Cost', typeof cost === 'number' && String(cost)),
      fact('Error', error && h('span.bad', user(error.split('\n')[0]))),
    ];
  }
}
