// The rows of the list of jobs.
import { h, keyed, put, setText, steady } from '../dom.js';
import { now, percent, when } from '../format.js';
import { showJobPicture } from '../picture.js';
import { bar, setBar, showStanding, standing } from '../status.js';
import { firstLine, jobName, jobUrl, user } from '../text.js';
import { menuButton } from '../dialogs.js';
import { jobMenu } from '../actions.js';

const COLUMNS = [
  ['Status', 'c-status'],
  ['Job', 'c-title'],
  ['Progress', 'c-bar'],
  ['Shots', 'c-shots num'],
  ['Attempt', 'c-attempt num'],
  ['Age', 'c-age num'],
];

const column = (content, cls) => h('th', { scope: 'col', class: cls }, content);

const cell = (cls, ...content) => h('td', { class: cls }, content);

/** What the job works on, or why it failed. */
function stageOf(job) {
  if (job.status === 'failed') return job.error ? firstLine(job.error) : null;
  return job.status === 'processing' || job.status === 'queued' ? job.current_stage : null;
}

/** When a job runs that waits for its time. */
function laterOf(job) {
  const later = job.status === 'queued' && job.run_at && Date.parse(job.run_at) > now();
  return later && h('span.later', job.attempt ? 'tries again ' : 'starts ', when(job.run_at));
}

function underTitle(job, stage) {
  const cls = job.status === 'failed' ? 'why' : 'stage';
  return [
    h('span.id', job.project_title ? job.job_id : ''),
    h('span', job.job_type),
    laterOf(job),
    stage && h('span', { class: cls }, user(stage)),
  ];
}

export class Rows {
  constructor(page) {
    this.page = page;
    this.at = -1;
    this.body = h('tbody');
    const top = h(
      'tr',
      column(h('label.tick', page.selection.pageBox), 'c-pick'),
      COLUMNS.map(([text, cls]) => column(text, cls)),
      column(h('span.hidden', 'Actions'), 'c-menu'),
    );
    const table = h('table.jobs', { 'aria-label': 'Jobs' }, h('thead', top), this.body);
    this.el = h('div.scroller', table);
  }

  show(jobs) {
    const make = (job) => this.row(job);
    keyed(
      this.body,
      jobs,
      (job) => job.job_id,
      make,
      (el, job) => this.paint(el, job),
    );
  }

  row(job) {
    const id = job.job_id;
    const name = jobName(job);
    const pick = h('input', { type: 'checkbox', 'aria-label': `Select ${name}` });
    pick.addEventListener('click', (event) =>
      this.page.selection.set(id, pick.checked, event.shiftKey),
    );
    const [status, under, shots, attempt, value] = [
      h('span'),
      h('span.under.small'),
      h('span'),
      h('span'),
      h('span.small.value'),
    ];
    const progress = bar(`Progress of ${name}`);
    const title = h('a.title', { href: jobUrl(id) }, user(job.project_title, id));
    const picture = h('div.frame.thumb');
    const menu = menuButton(`Actions of ${name}`, () => jobMenu(this.page.find(id) ?? job));
    const el = h(
      'tr',
      { data: { id } },
      cell('c-pick', h('label.tick', pick)),
      cell('c-status', status),
      cell('c-title', h('div.job-cell', picture, h('div', title, under))),
      cell('c-bar', h('div.bar-line', progress, value)),
      cell('c-shots num', shots),
      cell('c-attempt num', attempt),
      cell('c-age num', when(job.created_at)),
      cell('c-menu', menu),
    );
    return Object.assign(el, { pick, picture, status, progress, value, under, shots, attempt });
  }

  /** Paints the row of a job, if it has one. */
  update(job) {
    const el = this.body.kept?.get(job.job_id);
    if (el) this.paint(el, job);
  }

  paint(el, job) {
    const { filter, selection } = this.page;
    const stage = stageOf(job);
    showStanding(el.status, job);
    steady(el.under, [job.job_type, stage, job.status, job.run_at], () =>
      put(el.under, underTitle(job, stage)),
    );
    showJobPicture(el.picture, job);
    setBar(el.progress, job.progress, standing(job)[0]);
    setText(el.value, percent(job.progress));
    setText(el.shots, job.total_shots ? `${job.completed_shots}/${job.total_shots}` : '–');
    setText(el.attempt, job.attempt ? `${job.attempt}/${job.max_attempts}` : '–');
    el.pick.checked = selection.has(job.job_id);
    el.dataset.status = job.status;
    el.classList.toggle('picked', el.pick.checked);
    const left = filter.status !== undefined && filter.status !== job.status;
    el.classList.toggle('out', Boolean(job.gone) || left);
  }

  /** The job of the row that holds `target`, or of the row that keys came to last. */
  jobAt(target) {
    const row = target.closest?.('tr[data-id]');
    if (row) this.at = [...this.body.children].indexOf(row);
    return this.page.jobs[this.at];
  }

  move(by) {
    const rows = this.body.children;
    this.at = Math.max(0, Math.min(rows.length - 1, this.at + by));
    rows[this.at]?.querySelector('.title').focus();
  }
}
