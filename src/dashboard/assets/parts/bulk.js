// Bulk actions: preview, confirmation, progress, outcome.
import { get, post, query, randomId } from '../app/api.js';
import { askPriority } from './actions.js';
import { attempt, confirm, dialog, failed, toast } from './dialogs.js';
import { h, put } from './dom.js';
import { atClock, count, exact, plural } from './format.js';
import { STATUSES, WORDS, bar, setBar, shape } from './status.js';
import { user } from './text.js';

export const BULK = {
  retry: { verb: 'Retry', icon: 'retry', done: 'queued again', undo: true },
  cancel: { verb: 'Cancel', icon: 'cancel', done: 'cancelled', undo: true, danger: true },
  set_priority: {
    verb: 'Priority',
    name: 'Set priority',
    icon: 'up',
    done: 'given another priority',
    undo: true,
  },
  delete: { verb: 'Delete', icon: 'trash', done: 'deleted', danger: true },
};

/** Name of an action in a list. */
export const actionName = ({ action }) =>
  BULK[action]?.name ?? BULK[action]?.verb ?? action[0].toUpperCase() + action.slice(1);

/** Whether the jobs of an action that has ended can be put back. */
export const canUndo = ({ action, status, changed }) =>
  status !== 'running' && changed > 0 && Boolean(BULK[action]?.undo);

/** Ids that stay selected after failures. */
const MOST_SELECTED = 1000;

const actionPath = (id, rest = '') => `/actions/${encodeURIComponent(id)}${rest}`;

/**
 * Runs an action on the jobs of `filter`. `words` describes the filter; `byFilter` says that more
 * may match than the user has seen. Returns the ids that failed, or null when nothing was done.
 */
export async function bulk(action, filter, words, byFilter) {
  const priority = action === 'set_priority' ? await askPriority() : null;
  if (priority === undefined) return null;
  const request = { action, filter, ...(priority !== null && { priority }) };
  const done = await attempt(async () => {
    const preview = await post('/jobs/actions', { ...request, dry_run: true });
    if (!(await confirmBulk(action, preview, words, byFilter))) return null;
    const headers = { 'Idempotency-Key': randomId() };
    const started = await post('/jobs/actions', { ...request, confirm: true }, { headers });
    return report(await watch(started), action);
  });
  return done ?? null;
}

function previewText(action, preview, words) {
  const { will_change: change, will_not_change: rest, by_status: byStatus, as_of: asOf } = preview;
  const row = (status) =>
    h(
      'li',
      { class: `i-${status}` },
      shape(status),
      h('span', WORDS[status]),
      h('b', exact(byStatus[status])),
    );
  const stay = rest === 1 ? 'stays as it is' : 'stay as they are';
  return h(
    'div',
    h('p.lead', h('b', plural(change, 'job')), ` will be ${BULK[action].done}.`),
    rest > 0 && h('p', `${plural(rest, 'job')} can't be, and ${stay}.`),
    h('ul.tally', STATUSES.filter((status) => byStatus?.[status]).map(row)),
    h('p.small', user(words), asOf && ` · counted at ${atClock(asOf)}`),
    action === 'delete' && h('p.small.bad', 'This cannot be undone.'),
  );
}

async function confirmBulk(action, preview, words, byFilter) {
  const { verb, danger = false } = BULK[action];
  const change = preview.will_change;
  const text = previewText(action, preview, words);
  if (change === 0) {
    await confirm(`${verb}: nothing to do`, text, 'Close', { danger: false });
    return false;
  }
  const typed = action === 'delete' && byFilter ? String(change) : null;
  const title = `${verb} ${plural(change, 'job')}?`;
  return confirm(title, text, `${verb} ${count(change)}`, { danger, typed });
}

/** Percent of an action that is done. */
const percentDone = ({ matching, done }) => (matching ? (100 * done) / matching : 100);

/** The bar of an action. */
export function actionBar(one) {
  const el = bar('Progress of the action');
  const ended = one.status === 'failed' || one.status === 'completed';
  setBar(el, percentDone(one), ended ? one.status : 'processing');
  return el;
}

function progressText({ done, matching, changed, skipped, failed: bad }) {
  const parts = [
    `${exact(done)} of ${exact(matching)} done`,
    `${exact(changed)} changed`,
    `${exact(skipped)} skipped`,
    `${exact(bad)} failed`,
  ];
  return parts.join(' · ');
}

/** A dialog with the progress of an action, until it ends or is closed. */
function progressDialog(abort) {
  const progress = bar('Progress of the action');
  const line = h('p', { 'aria-live': 'polite' });
  const self = { open: true };
  const leave = h('button.button', { onclick: () => self.close() }, 'Continue in the background');
  const stop = h('button.button.danger.act', { onclick: abort }, 'Abort');
  const ended = dialog('Running', (close) => {
    self.close = close;
    return h('div', progress, line, h('div.row.end', leave, stop));
  });
  self.closed = ended.then(() => {
    self.open = false;
  });
  self.show = (state) => {
    setBar(progress, percentDone(state), state.status === 'failed' ? 'failed' : 'processing');
    put(line, progressText(state));
  };
  return self;
}

const pauseFor = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Follows an action, which runs on when the dialog is closed. Returns its last known state. */
async function watch(started) {
  const id = started.action_id;
  let state = started;
  const abort = () =>
    attempt(async () => {
      state = (await post(actionPath(id, '/abort'), {})) ?? state;
    });
  const shown = progressDialog(abort);
  shown.show(state);
  while (shown.open && state.status === 'running') {
    await Promise.race([shown.closed, pauseFor(400)]);
    try {
      state = await get(actionPath(id));
    } catch (error) {
      // Without a connection it asks again.
      if (error.status) {
        failed(error);
        break;
      }
    }
    shown.show(state);
  }
  shown.close();
  return state;
}

/** Says what an action did. Returns the ids that failed. */
function report(state, action) {
  const { action_id: id, changed, failed: bad, skipped } = state;
  const link = ['Show', actionPath(id)];
  if (state.status === 'running') {
    toast('The action continues in the background', { link });
    return [];
  }
  const text = [
    `${plural(changed, 'job')} ${BULK[action].done}`,
    bad > 0 && `${exact(bad)} failed`,
    skipped > 0 && `${exact(skipped)} skipped`,
  ];
  const undo = canUndo(state) ? () => undoBulk(id) : null;
  toast(text.filter(Boolean).join(', '), { link, undo, tone: bad ? 'bad' : 'info' });
  return bad ? outcomes(id, 'failed') : [];
}

/** The ids of jobs with the outcome, 1,000 or a few more at most. */
async function outcomes(id, outcome) {
  const ids = [];
  let after = null;
  do {
    const page = await get(actionPath(id, `/outcomes${query({ limit: 200, outcome, after })}`));
    ids.push(...page.outcomes.map((one) => one.job_id));
    after = page.next_after ?? null;
  } while (after !== null && ids.length < MOST_SELECTED);
  return ids;
}

/** Puts back what an action changed, and says what it could not put back. */
export const undoBulk = (id) =>
  attempt(async () => {
    const state = await watch(await post(actionPath(id, '/undo'), {}));
    const { action_id: undo, status, matching, changed } = state;
    if (status === 'running') {
      toast('The undo continues in the background', { link: ['Show', actionPath(undo)] });
      return;
    }
    const left = matching - changed;
    if (left <= 0) {
      const as = changed === 1 ? 'is as it was' : 'are as they were';
      toast(`Undone: ${plural(changed, 'job')} ${as}`);
      return;
    }
    const [why] = (await get(actionPath(undo, '/outcomes?outcome=skipped&limit=1'))).outcomes;
    const text = [
      changed
        ? `Undone: ${exact(changed)} of ${plural(matching, 'job')}. `
        : 'Nothing was undone. ',
      `${exact(left)} ${left === 1 ? 'stays as it is' : 'stay as they are'}`,
      why && [left === 1 ? ': ' : ', for example: ', user(why.detail)],
    ];
    const link = ['Show which', actionPath(undo, '?outcome=skipped')];
    toast(h('span', text), { tone: 'bad', link });
  });
