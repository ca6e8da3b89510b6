// Panels about a job: its inputs, its times and its data.
import { jobPath, query } from '../../app/api.js';
import { h, put, steady } from '../dom.js';
import { exact, moment } from '../format.js';
import { part, viewer } from '../json.js';
import { fact } from '../panel.js';
import { user } from '../text.js';

const SHORT = 280;
const LONG = 600;

/** A smaller result is opened at once. */
const OPENED = 4000;

const jobsLink = (filter, text, cls) => {
  const href = `/jobs${query(filter)}`;
  return h('a', { href, class: cls ?? null }, user(text));
};

function contentOf(text) {
  if (!text) return h('p.small', 'No idea or script came with it.');
  const whole = h('div.prose', user(text));
  if (text.length <= LONG) return whole;
  return h('details.content', h('summary', user(`${text.slice(0, SHORT)}…`)), whole);
}

function seriesLink(id) {
  return h('a', { href: `/series/${encodeURIComponent(id)}` }, user(id));
}

function labelsOf(labels) {
  const pairs = Object.entries(labels ?? {}).map((pair) => pair.join('='));
  if (!pairs.length) return null;
  return h(
    'span.chips',
    pairs.map((label) => jobsLink({ label }, label, 'tag')),
  );
}

/** A panel that stays hidden until it has something to show. */
const details = (label) => h('section.panel', { 'aria-label': label, hidden: true });

/** Each paints only when its fields differ from those before. */
export class Details {
  constructor() {
    this.inputs = details('Inputs');
    this.facts = details('Facts');
    this.data = details('Data');
    this.parts = [this.inputs, this.facts, this.data];
  }

  /** `text` is the JSON of the job. */
  show(job, text, etag) {
    for (const el of this.parts) el.hidden = false;
    const { inputs, facts, data } = this;
    const given = [job.content, job.user_requirement, job.style, job.labels];
    steady(inputs, [given, job.series_id, job.episode_id], () => this.paintInputs(job));
    const run = [job.status, job.attempt, job.worker_id, job.lease_expires_at];
    steady(facts, [run, job.run_at, job.version, job.started_at], () => this.paintFacts(job));
    steady(data, [text.length, job.version, etag], () => this.paintData(job, text));
  }

  paintInputs(job) {
    const { user_requirement: requirement, style, series_id: series, episode_id: episode } = job;
    const { webhook } = job;
    const list = h(
      'dl.facts-list',
      fact('Requirement', requirement && user(requirement)),
      fact('Style', style && user(style)),
      fact('Series', series && seriesLink(series)),
      fact('Episode', episode && jobsLink({ episode_id: episode }, episode)),
      fact('Labels', labelsOf(job.labels)),
      fact('Webhook', webhook && user(webhook.url)),
    );
    const body = h('div.panel-body', contentOf(job.content), list);
    put(this.inputs, h('header', h('h2', 'Input')), body);
  }

  paintFacts(job) {
    const time = (name, value) => fact(name, value && moment(value));
    const { created_by: by } = job;
    const source = [job.source, job.source_status].filter(Boolean).join(', ');
    const list = h(
      'dl.facts-list.panel-body',
      time('Created', job.created_at),
      fact('Created by', by && jobsLink({ created_by: by }, by)),
      time('Run at', job.run_at),
      time('Started', job.started_at),
      time('Ended', job.completed_at),
      time('Changed', job.updated_at),
      fact('Attempt', `${job.attempt} of ${job.max_attempts}`),
      fact('Worker', job.worker_id && user(job.worker_id)),
      time('Lease until', job.lease_expires_at),
      fact('Folder', job.working_dir && h('code.wrap', user(job.working_dir))),
      fact('Came from', job.source && user(source)),
      fact('Version', exact(job.version)),
    );
    put(this.facts, h('header', h('h2', 'Times')), list);
  }

  paintData(job, text) {
    const shown = [...this.data.querySelectorAll('details.json[open]')];
    const open = new Set(shown.map((el) => el.dataset.name));
    const parts = [
      ['Result', part(text, 'result')],
      ['Context', part(text, 'context')],
      ['Request', part(text, 'request_data')],
      ['Whole job', text],
    ];
    const view = ([name, json]) => {
      const short = name === 'Result' && !open.size && json.length < OPENED;
      const el = viewer(name, json, open.has(name) || short);
      el.dataset.name = name;
      return el;
    };
    const href = `/api/v1${jobPath(job.job_id)}`;
    const raw = h('a.small', { href, target: '_blank', rel: 'noopener' }, 'Raw');
    const views = parts.filter(([, json]) => json !== null).map(view);
    put(this.data, h('header', h('h2', 'Data'), raw), h('div.panel-body', views));
  }
}
