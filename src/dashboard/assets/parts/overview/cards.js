// Jobs on the overview: those that run, and those that this browser started.
import { h, keyed, put, setText, steady } from '../dom.js';
import { left, percent, rough } from '../format.js';
import { icon } from '../icons.js';
import { showJobPicture } from '../picture.js';
import { bar, setBar, showStanding, standing } from '../status.js';
import { clean, jobName, jobTitle, jobUrl, user } from '../text.js';
import { empty } from '../ui.js';

const joined = (parts) => parts.filter(Boolean).join(' · ');

function makeCard(job) {
  const frame = h('div.frame');
  const stage = h('span.stage');
  const progress = bar(`Progress of ${jobName(job)}`);
  const facts = h('span.facts.small');
  const badge = h('b');
  const title = h('a.title', { href: jobUrl(job.job_id) }, jobTitle(job));
  const top = h('div.row.between', title, badge);
  const el = h('article.card', frame, h('div.card-body', top, stage, progress, facts));
  return Object.assign(el, { frame, stage, progress, facts, badge });
}

/** A badge only when the job does not run as it should: all cards are of running jobs. */
function showBadge(el, job, well) {
  if (!well) showStanding(el, job);
  else {
    delete el.dataset.standing;
    setText(el, percent(job.progress));
  }
}

function updateCard(el, job) {
  const [tone, form] = standing(job);
  const { current_stage: stage, total_shots: total, completed_shots: done } = job;
  const well = form === 'processing';
  showBadge(el.badge, job, well);
  steady(el.stage, stage, () => put(el.stage, user(stage, 'No stage reported yet')));
  const label = `${Math.floor(job.progress)} percent, ${clean(stage)}`;
  setBar(el.progress, job.progress, tone, label);
  const rest = job.attempt === 1 && well ? left(job, job.started_at) : null;
  const shots = total && `${done}/${total} shots`;
  setText(el.facts, joined([shots, rest >= 1 && `about ${rough(rest)} left`]));
  showJobPicture(el.frame, job);
}

/** `waiting`: jobs wait for a worker. */
export function showCards(el, jobs, waiting) {
  if (jobs.length) {
    if (!el.kept) put(el);
    keyed(el, jobs, (job) => job.job_id, makeCard, updateCard);
    return;
  }
  el.kept = null;
  const text = waiting
    ? 'Jobs wait for a worker to take them.'
    : 'Start a video, and watch it grow shot by shot.';
  const start = h('a.button.primary', { href: '/new' }, icon('plus', 18), 'New job');
  put(el, empty('Nothing runs', text, start));
}

function makeRow(job) {
  const badge = h('span');
  const progress = bar(`Progress of ${jobName(job)}`);
  const facts = h('span.small.facts');
  const title = h('span.title', jobTitle(job));
  const el = h('a.mine-row', { href: jobUrl(job.job_id) }, title, badge, progress, facts);
  return Object.assign(el, { badge, progress, facts });
}

function updateRow(el, job) {
  showStanding(el.badge, job);
  setBar(el.progress, job.progress, standing(job)[0]);
  setText(el.facts, joined([percent(job.progress), clean(job.current_stage)]));
}

export function mineSection() {
  const header = h(
    'header',
    h('h2', 'Started in this browser'),
    h('span.small', 'They continue without this page'),
  );
  const list = h('div.mine-list');
  const props = { 'aria-label': 'Started in this browser', hidden: true };
  return Object.assign(h('section.panel.mine', props, header, list), { list });
}

export function showMine(el, jobs) {
  el.hidden = jobs.length === 0;
  if (jobs.length) keyed(el.list, jobs, (job) => job.job_id, makeRow, updateRow);
}
