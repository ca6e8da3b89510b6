// What can be done to one job, to a selection, and to all that match: asked before where it can't be taken back.
import { h, icon, jobTitle, jobUrl, put, store, user } from './dom.js';
import { get, jobPath, post, randomId, send } from './api.js';
import { atClock, count, exact, plural } from './format.js';
import { STATUSES, isStuck, shape, WORDS, bar, setBar } from './status.js';
import { confirm, copy, dialog, failed, toast } from './ui.js';
import { jobChanged } from './live.js';

export const clientId = () => {
  let id = store.get('client');
  if (!id) store.set('client', (id = randomId()));
  return id;
};

export const canRetry = (job) =>
  job.status === 'failed' || job.status === 'cancelled' || isStuck(job);
export const canCancel = (job) =>
  job.status === 'queued' || (job.status === 'processing' && !job.cancel_requested_at);

/** Runs one call on a job; the button that asked is busy until the answer. A 409 names the real state. */
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
    if (error.status === 409 || error.status === 404)
      get(jobPath(job.job_id)).then(jobChanged, () => {});
    return false;
  } finally {
    button?.removeAttribute('aria-busy');
  }
}

/** A job whose worker is gone is recovered; both keep the shots that are done. */
export const retry = (job, undoable = true) =>
  run(
    job,
    () => send('POST', jobPath(job.job_id, isStuck(job) ? '/recover' : '/retry')),
    (now) =>
      toast(h('span', jobTitle(job), ' is queued again'), {
        undo: undoable && now.status === 'queued' ? () => cancel(now, false) : null,
      }),
  );

export async function cancel(job, undoable = true) {
  if (job.status === 'processing') {
    const sure = await confirm(
      'Cancel a running job?',
      h(
        'p',
        jobTitle(job),
        ' is being worked on. What its worker has not finished is lost; shots that are done stay.',
      ),
      'Cancel job',
    );
    if (!sure) return;
  }
  return run(
    job,
    () => send('POST', jobPath(job.job_id, '/cancel'), { body: {} }),
    (now) =>
      toast(
        now.status === 'cancelled'
          ? h('span', jobTitle(job), ' is cancelled')
          : 'The worker is asked to let go.',
        { undo: undoable && now.status === 'cancelled' ? () => retry(now, false) : null },
      ),
  );
}

export async function remove(job) {
  const sure = await confirm(
    'Delete this job?',
    h(
      'p',
      jobTitle(job),
      ' goes, with its shots and its history. There is no way back. Files in the media folder stay.',
    ),
    'Delete job',
  );
  return (
    sure &&
    run(
      job,
      () => send('DELETE', jobPath(job.job_id)),
      () => {
        jobChanged({ ...job, kind: 'deleted' });
        toast('Deleted. A delete can not be undone.');
      },
    )
  );
}

export async function setPriority(job) {
  const value = await askPriority(job.priority);
  const patch = (priority, undo) =>
    run(
      job,
      () => send('PATCH', jobPath(job.job_id), { body: { priority } }),
      () => toast(`Priority ${priority}`, { undo }),
    );
  if (value !== undefined && value !== job.priority)
    return patch(value, () => patch(job.priority, null));
}

const askPriority = (value = 0) =>
  dialog('Priority', (close) => {
    const input = h('input', {
      type: 'number',
      min: -100,
      max: 100,
      step: 1,
      required: true,
      autofocus: true,
      value,
      'aria-label': 'Priority',
    });
    return h(
      'form',
      {
        onsubmit: (e) => {
          e.preventDefault();
          close(input.valueAsNumber);
        },
      },
      h('label.field', h('span', 'From −100 to 100; higher runs first'), input),
      h('div.row.end', h('button.button.primary.act', { type: 'submit' }, 'Set priority')),
    );
  });

export const recover = (job) =>
  run(
    job,
    () => send('POST', jobPath(job.job_id, '/recover')),
    () => toast(h('span', jobTitle(job), ' goes on from its checkpoint')),
  );

/** Makes another job, of the failed shots alone. */
export const retryFailedItems = (job) =>
  run(
    job,
    () =>
      send('POST', jobPath(job.job_id, '/retry-failed-items'), {
        headers: { 'Idempotency-Key': randomId() },
      }),
    (made) =>
      toast('A new job makes the failed shots again.', { link: ['Show it', jobUrl(made.job_id)] }),
  );

const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

export function copyCurl(job) {
  const fields = [
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
  const body = Object.fromEntries(
    fields.filter((f) => job[f] !== null && job[f] !== undefined).map((f) => [f, job[f]]),
  );
  copy(
    `curl -s ${location.origin}/api/v1/jobs \\\n  -H 'Content-Type: application/json' \\\n  --data-raw ${quote(JSON.stringify(body))}`,
    'Copied: a command that creates this job again',
  );
}

export const copyReadCurl = (job) =>
  copy(
    `curl -s ${quote(`${location.origin}/api/v1${jobPath(job.job_id)}`)}`,
    'Copied: a command that reads this job',
  );

/** The items of a job's menu. */
export const jobMenu = (job) => [
  canRetry(job) && {
    label: isStuck(job) ? 'Recover' : 'Retry',
    icon: 'retry',
    run: () => retry(job),
  },
  canCancel(job) && { label: 'Cancel', icon: 'cancel', run: () => cancel(job) },
  job.status === 'failed' && {
    label: 'Recover from its checkpoint',
    icon: 'play',
    run: () => recover(job),
  },
  job.status === 'queued' && { label: 'Set priority…', icon: 'up', run: () => setPriority(job) },
  { label: 'Copy id', icon: 'copy', run: () => copy(job.job_id, 'Id copied'), act: false },
  { label: 'Copy as curl', icon: 'copy', run: () => copyReadCurl(job), act: false },
  { label: 'Delete…', icon: 'trash', danger: true, run: () => remove(job) },
];

export const BULK = [
  ['retry', 'Retry', 'retry'],
  ['cancel', 'Cancel', 'cancel'],
  ['set_priority', 'Priority', 'up'],
  ['delete', 'Delete', 'trash'],
];
const DOES = {
  retry: 'queued again',
  cancel: 'cancelled',
  delete: 'deleted',
  set_priority: 'given another priority',
};

/** Preview, confirm, run, outcome. `words` says the filter as people would. Answers with the ids that failed. */
export async function bulk(action, filter, words, byFilter) {
  let priority;
  if (action === 'set_priority' && (priority = await askPriority()) === undefined) return null;
  const request = { action, filter, ...(priority !== undefined && { priority }) };
  let preview;
  try {
    preview = await post('/jobs/actions', { ...request, dry_run: true });
  } catch (error) {
    failed(error);
    return null;
  }
  const verb = BULK.find(([key]) => key === action)[1];
  if (!(await confirmBulk(verb, action, preview, words, byFilter))) return null;
  try {
    // Whoever asked has seen the number.
    const started = await post(
      '/jobs/actions',
      { ...request, confirm: true },
      { headers: { 'Idempotency-Key': randomId() } },
    );
    return await watchAction(started, action);
  } catch (error) {
    failed(error);
    return null;
  }
}

function confirmBulk(verb, action, preview, words, byFilter) {
  const rows = STATUSES.filter((status) => preview.by_status?.[status]).map((status) =>
    h(
      'li',
      { class: `i-${status}` },
      shape(status),
      h('span', WORDS[status]),
      h('b', exact(preview.by_status[status])),
    ),
  );
  const text = h(
    'div',
    null,
    h('p.lead', h('b', plural(preview.will_change, 'job')), ` will be ${DOES[action]}.`),
    preview.will_not_change > 0 &&
      h(
        'p',
        `${plural(preview.will_not_change, 'job')} can't be, and ${preview.will_not_change === 1 ? 'stays' : 'stay'} as they are.`,
      ),
    h('ul.tally', rows),
    h('p.small', user(words), preview.as_of && ` · counted at ${atClock(preview.as_of)}`),
    action === 'delete' && h('p.small.bad', 'A delete can not be undone.'),
  );
  if (preview.will_change === 0)
    return confirm(`${verb}: nothing to do`, text, 'Close', { danger: false }).then(() => false);
  const typed = action === 'delete' && byFilter ? String(preview.will_change) : null;
  return confirm(
    `${verb} ${plural(preview.will_change, 'job')}?`,
    text,
    `${verb} ${count(preview.will_change)}`,
    { danger: action === 'delete' || action === 'cancel', typed },
  );
}

const INVERSE = { cancel: 'retry', retry: 'cancel' };

/** Shows how a bulk run goes on, until it ends or is closed: it goes on without the page. */
async function watchAction(started, action) {
  const progress = bar('Progress of the action');
  const line = h('p', { 'aria-live': 'polite' });
  let open = true,
    state = started;
  const show = () => {
    setBar(
      progress,
      state.matching ? (100 * state.done) / state.matching : 100,
      state.status === 'failed' ? 'failed' : 'processing',
    );
    put(
      line,
      `${exact(state.done)} of ${exact(state.matching)} done · ${exact(state.changed)} changed · ${exact(state.skipped)} skipped · ${exact(state.failed)} failed`,
    );
  };
  const abort = async () => {
    try {
      state = (await post(`/actions/${state.action_id}/abort`, {})) ?? state;
    } catch (error) {
      failed(error);
    }
  };
  let close;
  const shown = dialog('Running', (end) => {
    close = end;
    return h(
      'div',
      progress,
      line,
      h(
        'div.row.end',
        h('button.button', { onclick: () => end() }, 'Go on in the background'),
        h('button.button.danger.act', { onclick: abort }, 'Abort'),
      ),
    );
  }).then(() => {
    open = false;
  });
  show();
  while (open && state.status === 'running') {
    await Promise.race([
      shown,
      new Promise((resolve) => {
        setTimeout(resolve, 400);
      }),
    ]);
    try {
      state = await get(`/actions/${encodeURIComponent(state.action_id)}`);
    } catch (error) {
      if (error.status) {
        failed(error);
        break;
      }
    }
    show();
  }
  close();
  const link = ['Show', `/actions/${encodeURIComponent(state.action_id)}`];
  if (state.status === 'running') {
    toast('Goes on in the background', { link });
    return [];
  }
  const undo =
    INVERSE[action] && state.changed > 0 && state.changed <= 1000
      ? () => undoBulk(state, INVERSE[action])
      : null;
  toast(
    `${plural(state.changed, 'job')} ${DOES[action]}${state.failed ? `, ${exact(state.failed)} failed` : ''}${state.skipped ? `, ${exact(state.skipped)} skipped` : ''}`,
    { link, undo, tone: state.failed ? 'bad' : 'info' },
  );
  return state.failed ? outcomes(state.action_id, 'failed') : [];
}

async function outcomes(id, outcome) {
  const ids = [];
  let after;
  do {
    const page = await get(
      `/actions/${encodeURIComponent(id)}/outcomes?limit=200&outcome=${outcome}${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`,
    );
    ids.push(...page.outcomes.map((o) => o.job_id));
    after = page.next_after ?? undefined;
  } while (after !== undefined && ids.length < 1000);
  return ids;
}

async function undoBulk(state, action) {
  try {
    await post('/jobs/actions', {
      action,
      filter: { job_ids: await outcomes(state.action_id, 'changed') },
    });
    toast('Taken back');
  } catch (error) {
    failed(error);
  }
}

export const actionButton = (label, name, onclick, cls = '') =>
  h(
    'button',
    { class: `button act ${cls}`, type: 'button', onclick },
    icon(name, 18),
    h('span', label),
  );
