// Asks for the job on the other side, and offers those that are near.
import { get, jobPath, query } from '../../app/api.js';
import { h, put } from '../dom.js';
import { when } from '../format.js';
import { badge, standing } from '../status.js';
import { jobTitle, user } from '../text.js';

/** Jobs of the same title that are offered. */
const OFFERED = 8;

/** Characters that a search takes. */
const MAX_WORDS = 100;

/** Jobs that a comparison with `job` is about: the one it was made from, and those of its title. */
async function nearby(job, signal) {
  const parent = job.context?.retry_of;
  const asked = typeof parent === 'string' ? get(jobPath(parent), { signal }) : Promise.reject();
  const from = asked.then(
    (found) => [found],
    () => [],
  );
  const words = [...(job.project_title ?? '')].slice(0, MAX_WORDS).join('').trim();
  const params = { q: words, limit: OFFERED, view: 'summary' };
  const alike = words ? get(`/jobs${query(params)}`, { signal }) : { jobs: [] };
  const [parents, { jobs }] = await Promise.all([from, alike]);
  const seen = new Set([job.job_id]);
  return [...parents, ...jobs].filter(({ job_id: id }) => !seen.has(id) && seen.add(id));
}

/** `pick(id)` chooses the other job; `job` is the one that is there, or null. */
export class Chooser {
  constructor(pick, signal) {
    Object.assign(this, { pick, signal });
    this.box = h('input', { type: 'text', required: true, autocomplete: 'off' });
    const onsubmit = (event) => {
      event.preventDefault();
      this.pick(this.box.value.trim());
    };
    const field = h('label.field', h('span', 'Id of the other job'), this.box);
    const send = h('button.button.primary', { type: 'submit' }, 'Compare');
    this.list = h('ul.nearby');
    this.title = h('h2', 'Compare with');
    const form = h('form.chooser', { onsubmit }, field, send);
    this.el = h('section.panel', { 'aria-label': 'The other job', hidden: true });
    this.el.append(h('header', this.title), h('div.panel-body', form, this.list));
  }

  async show(job) {
    this.el.hidden = false;
    if (!job) return;
    put(this.title, 'Compare “', jobTitle(job), '” with');
    const found = await nearby(job, this.signal);
    put(
      this.list,
      found.map((one) => this.row(one)),
    );
  }

  row(job) {
    const choose = { onclick: () => this.pick(job.job_id) };
    const button = h('button.link', choose, jobTitle(job));
    const words = h('span.small', user(job.job_id), ' · ', when(job.created_at));
    return h('li', button, badge(standing(job)), words);
  }
}
