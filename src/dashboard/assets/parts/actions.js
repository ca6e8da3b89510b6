// Actions on one job. One that cannot be taken back asks first.
import { API, get, jobPath, query, randomId, send } from '../app/api.js';
import { jobChanged } from '../app/job-events.js';
import { callFailed } from '../app/live.js';
import { mayChange } from '../app/session.js';
import { clientId } from './client.js';
import { copy } from './copy.js';
import { ask, confirm, failed, toast } from './dialogs.js';
import { h } from './dom.js';
import { isStuck, standing } from './status.js';
import { jobTitle, jobUrl, user } from './text.js';

export const canRetry = (job) =>
  mayChange(job) && (job.status === 'failed' || job.status === 'cancelled' || isStuck(job));

export const canCancel = (job) =>
  mayChange(job) &&
  (job.status === 'queued' || (job.status === 'processing' && !job.cancel_requested_at));

/** Runs one call on a job; the button that was pressed is busy meanwhile. */
async function run(job, call, done) {
  const button = document.activeElement?.closest?.('button');
  button?.setAttribute('aria-busy', 'true');
  try {
    const { data } = await call();
    if (data?.version) jobChanged(data);
    done?.(data);
    return true;
  } catch (error) {
    failed(error);
    // What is shown was out of date.
    const outdated = error.status === 409 || error.status === 404;
    if (outdated) get(jobPath(job.job_id)).then(jobChanged, () => {});
    return false;
  } finally {
    button?.removeAttribute('aria-busy');
  }
}

/** Why the last change of a job stays, in the words of the server. */
const notUndone = (error) =>
  error.status === 412 ? 'the job has changed since.' : user(error.message);

/**
 * Takes back the change that led to this state of the job: nothing is put back if anything has
 * happened to the job since, and the message says so.
 */
async function undo(job) {
  try {
    const headers = { 'If-Match': `"${job.version}"` };
    const { data } = await send('POST', jobPath(job.job_id, '/undo'), { headers });
    jobChanged(data);
    toast(h('span', 'Undone: ', jobTitle(data), ` is ${standing(data)[2].toLowerCase()} again`));
  } catch (error) {
    callFailed(error);
    const link = ['Show', jobUrl(job.job_id)];
    toast(h('span', 'Not undone: ', notUndone(error)), { tone: 'bad', link });
    if (error.status) get(jobPath(job.job_id)).then(jobChanged, () => {});
  }
}

const undoOf = (now) => ({ undo: () => undo(now) });

/** Queues an ended job again, or recovers one whose worker is gone; both keep finished shots. */
export function retry(job) {
  const stuck = isStuck(job);
  const path = jobPath(job.job_id, stuck ? '/recover' : '/retry');
  return run(
    job,
    () => send('POST', path),
    (now) => toast(h('span', jobTitle(job), ' is queued again'), stuck ? {} : undoOf(now)),
  );
}

const LOSES =
  ' is being worked on. Work that its worker has not finished is lost; finished shots stay.';

function reportCancelled(job, now) {
  const worker = now.worker_id ? user(now.worker_id) : 'its worker';
  const asked =
    now.status !== 'cancelled' && h('span', 'Cancelling… waiting for ', worker, ' to stop');
  toast(asked || h('span', jobTitle(job), ' is cancelled'), undoOf(now));
}

export async function cancel(job) {
  const text = h('p', jobTitle(job), LOSES);
  const asks = job.status === 'processing';
  const answers = { dismiss: 'Don’t cancel' };
  if (asks && !(await confirm('Cancel a running job?', text, 'Cancel job', answers)))
    return undefined;
  return run(
    job,
    () => send('POST', jobPath(job.job_id, '/cancel'), { body: {} }),
    (now) => reportCancelled(job, now),
  );
}

const DELETES =
  ' is deleted, with its shots and its history. This cannot be undone. ' +
  'Files in the media folder stay.';

export async function remove(job) {
  const text = h('p', jobTitle(job), DELETES);
  if (!(await confirm('Delete this job?', text, 'Delete job'))) return false;
  return run(
    job,
    () => send('DELETE', jobPath(job.job_id)),
    () => {
      jobChanged({ ...job, kind: 'deleted' });
      toast('Deleted. This cannot be undone.');
    },
  );
}

export const askPriority = (value = 0) =>
  ask(
    'Priority',
    'From −100 to 100; higher runs first',
    'Set priority',
    { type: 'number', min: -100, max: 100, step: 1, value, 'aria-label': 'Priority' },
    (input) => input.valueAsNumber,
  );

async function setPriority(job) {
  const value = await askPriority(job.priority);
  if (value === undefined || value === job.priority) return undefined;
  return run(
    job,
    () => send('PATCH', jobPath(job.job_id), { body: { priority: value } }),
    (now) => toast(`Priority ${value}`, undoOf(now)),
  );
}

export const recover = (job) =>
  run(
    job,
    () => send('POST', jobPath(job.job_id, '/recover')),
    () => toast(h('span', jobTitle(job), ' continues from its checkpoint')),
  );

/** Makes a new job of the failed shots. */
export function retryFailedItems(job) {
  const headers = { 'Idempotency-Key': randomId() };
  return run(
    job,
    () => send('POST', jobPath(job.job_id, '/retry-failed-items'), { headers }),
    ({ job_id: id }) =>
      toast('A new job makes the failed shots again.', { link: ['Show it', jobUrl(id)] }),
  );
}

const shellQuoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

const INPUTS = [
  'job_type',
  'mode',
  'content',
  'user_requirement',
  'style',
  'project_title',
  'request_data',
  'context',
  'episode_id',
  'series_id',
  'priority',
  'max_attempts',
  'labels',
];

/** What a job was made from. */
export function inputsOf(job) {
  const given = INPUTS.filter((field) => (job[field] ?? null) !== null);
  return Object.fromEntries(given.map((field) => [field, job[field]]));
}

/** Makes a new job from the inputs of another. */
export function runAgain(job) {
  const headers = { 'Idempotency-Key': randomId() };
  const body = { ...inputsOf(job), client_id: clientId() };
  return run(
    job,
    () => send('POST', '/jobs', { body, headers }),
    ({ job_id: id }) =>
      toast('A new job with the same input is queued.', { link: ['Show it', jobUrl(id)] }),
  );
}

function copyCurl(job) {
  const body = JSON.stringify(inputsOf(job));
  const lines = [
    `curl -s ${location.origin}${API}/jobs`,
    `-H 'Content-Type: application/json'`,
    `--data-raw ${shellQuoted(body)}`,
  ];
  copy(lines.join(' \\\n  '), 'Copied: a command that creates this job again');
}

function copyReadCurl(job) {
  const url = `${location.origin}${API}${jobPath(job.job_id)}`;
  copy(`curl -s ${shellQuoted(url)}`, 'Copied: a command that reads this job');
}

export const hasEnded = (job) => !['queued', 'processing'].includes(job.status);

const againItem = (job) => ({ label: 'Run again', icon: 'retry', run: () => runAgain(job) });

/** The comparison of the job with another one, or with one that is still to be chosen. */
export const compareUrl = (id, other) => `/compare${query({ a: id, b: other })}`;

/** A form that begins with the inputs of the job. */
const changedUrl = (job) => `/new${query({ from: job.job_id })}`;

const recoverItem = (job) =>
  job.status === 'failed' &&
  mayChange(job) && {
    label: 'Recover from its checkpoint',
    icon: 'play',
    run: () => recover(job),
  };

const priorityItem = (job) =>
  job.status === 'queued' &&
  mayChange(job) && { label: 'Set priority…', icon: 'up', run: () => setPriority(job) };

const copyItem = (label, copies) => ({ label, icon: 'copy', run: copies, act: false });

const deleteItem = (job) =>
  mayChange(job) && {
    label: 'Delete…',
    icon: 'trash',
    danger: true,
    run: () => remove(job),
  };

/** The menu of a row. */
export const jobMenu = (job) => [
  canRetry(job) && {
    label: isStuck(job) ? 'Recover' : 'Retry',
    icon: 'retry',
    run: () => retry(job),
  },
  canCancel(job) && { label: 'Cancel', icon: 'cancel', run: () => cancel(job) },
  recoverItem(job),
  priorityItem(job),
  copyItem('Copy id', () => copy(job.job_id, 'Id copied')),
  copyItem('Copy as curl', () => copyReadCurl(job)),
  deleteItem(job),
];

/** The menu of a job's page, which has buttons for the rest. */
export const pageMenu = (job) => [
  !hasEnded(job) && againItem(job),
  { label: 'Run again with changes…', icon: 'plus', href: changedUrl(job), act: false },
  { label: 'Compare with another…', icon: 'film', href: compareUrl(job.job_id), act: false },
  recoverItem(job),
  priorityItem(job),
  copyItem('Copy as curl: read it', () => copyReadCurl(job)),
  copyItem('Copy as curl: make it again', () => copyCurl(job)),
  deleteItem(job),
];
