// The films that were finished last, as posters.
import { get, query } from '../../app/api.js';
import { needStyles } from '../../app/styles.js';
import { h, keyed, setText } from '../dom.js';
import { when } from '../format.js';
import { showJobPicture, sightOfJob } from '../picture.js';
import { jobName, jobUrl } from '../text.js';
import { linkedPanel } from './panels.js';

needStyles('media');

const FILMS = 6;

function makeFilm(job) {
  const frame = h('span.frame');
  const title = h('span.title');
  const el = h('a.film-card', { href: jobUrl(job.job_id) }, frame, title);
  el.append(h('span.small', when(job.completed_at)));
  return Object.assign(el, { frame, words: title });
}

function updateFilm(el, job) {
  setText(el.words, jobName(job));
  showJobPicture(el.frame, job);
}

/** A panel with `load(signal)`; it is hidden while there is no film with a picture. */
export function filmsPanel() {
  const grid = h('div.films');
  const el = linkedPanel('Fresh films', 'All completed', '/jobs?status=completed', grid);
  el.hidden = true;
  const load = async (signal) => {
    const params = { status: 'completed', view: 'preview', limit: 2 * FILMS };
    const { jobs } = await get(`/jobs${query(params)}`, { signal });
    const seen = (job) => Object.values(sightOfJob(job)).some(Boolean);
    const films = jobs.filter(seen).slice(0, FILMS);
    el.hidden = !films.length;
    keyed(grid, films, (job) => job.job_id, makeFilm, updateFilm);
  };
  return Object.assign(el, { load });
}
