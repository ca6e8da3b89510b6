// Failures on the overview, grouped by their cause.
import { query } from '../../app/api.js';
import { needStyles } from '../../app/styles.js';
import { retry } from '../actions.js';
import { h, patch, steady } from '../dom.js';
import { count, plural, when } from '../format.js';
import { jobTitle, jobUrl, user } from '../text.js';
import { actionButton, empty } from '../ui.js';
import { FAILURES } from './panels.js';

needStyles('causes');

async function retryAll(jobs, changed) {
  if (jobs.length === 1) await retry({ ...jobs[0], status: 'failed' });
  else {
    const ids = jobs.map((job) => job.job_id);
    const { bulk } = await import('../bulk.js');
    await bulk('retry', { job_ids: ids }, `${jobs.length} jobs that failed alike`, false);
  }
  changed();
}

function causeRow({ error, signature, jobs }, changed) {
  const [job] = jobs;
  const href = `/jobs${query({ status: 'failed', error: signature || null })}`;
  const latest = h('a', { href: jobUrl(job.job_id) }, jobTitle(job));
  return h(
    'li',
    { data: { key: error ?? '' } },
    h('a.times', { href, title: plural(jobs.length, 'failed job') }, `${count(jobs.length)}×`),
    h(
      'div.cause',
      user(error, 'No reason was given'),
      h('span.small', 'latest ', latest, ', ', when(job.failed_at)),
    ),
    actionButton(jobs.length === 1 ? 'Retry' : `Retry ${jobs.length}`, 'retry', () =>
      retryAll(jobs, changed),
    ),
  );
}

/** `changed` is called when jobs were retried. */
export function showFailures({ body }, causes, changed) {
  const all = causes.reduce((sum, { jobs }) => sum + jobs.length, 0);
  const content = () => [
    h(
      'ul.causes',
      causes.slice(0, 8).map((cause) => causeRow(cause, changed)),
    ),
    all === FAILURES && h('p.small', `Of the last ${FAILURES} failures.`),
  ];
  const none = () => empty('No failures', 'Nothing has failed, or everything was retried.');
  steady(body, causes, () => patch(body, all ? content() : none()));
}
