// One bulk action: its progress, and what it did to each job.
import { get, post, query } from '../app/api.js';
import { actionBar, actionName, canUndo, undoBulk } from '../parts/bulk.js';
import { attempt, confirm } from '../parts/dialogs.js';
import { h, patch } from '../parts/dom.js';
import { exact } from '../parts/format.js';
import { listPanel, panelPage, trail } from '../parts/list-page.js';
import { cells, panel, table } from '../parts/panel.js';
import { plainBadge } from '../parts/status.js';
import { jobUrl, user } from '../parts/text.js';
import { actionButton, empty } from '../parts/ui.js';

const NUMBERS = ['matching', 'done', 'changed', 'skipped', 'failed'];

function number(name, n) {
  const cls = name === 'failed' && n ? 'bad' : '';
  const text = name[0].toUpperCase() + name.slice(1);
  return h('div', { class: cls }, h('dt', text), h('dd', exact(n)));
}

const undoesLine = ({ undoes: id }) =>
  id && h('p.small', 'Undoes ', h('a', { href: `/actions/${encodeURIComponent(id)}` }, user(id)));

const summary = (one, abort, undo) => [
  h('div.row.between', h('b', actionName(one)), plainBadge(one.status)),
  undoesLine(one),
  h('p.small', user(one.filter_text)),
  actionBar(one),
  one.error && h('div.error-text', user(one.error)),
  h(
    'dl.numbers-grid',
    NUMBERS.map((name) => number(name, one[name])),
  ),
  one.status === 'running' && h('p', actionButton('Abort', 'cancel', abort, 'danger')),
  canUndo(one) && h('p', actionButton('Undo', 'retry', undo)),
];

const COLUMNS = [['Job'], ['Outcome'], ['Why', 'grow']];

const row = (one) =>
  h(
    'tr',
    { data: { key: one.outcome_id } },
    cells(COLUMNS, [
      h('a', { href: jobUrl(one.job_id) }, user(one.job_id)),
      plainBadge(one.outcome),
      user(one.detail ?? one.code, '–'),
    ]),
  );

const OUTCOMES = ['', 'changed', 'skipped', 'failed'];

function outcomesPanel(path, signal, search) {
  let outcome = OUTCOMES.includes(search.get('outcome')) ? search.get('outcome') : '';
  const onchange = ({ target }) => {
    outcome = target.value;
    el.refreshQuietly();
  };
  const options = OUTCOMES.map((value) =>
    h('option', { value, selected: value === outcome }, value || 'all'),
  );
  const none = () =>
    outcome ? `No job of this action was ${outcome}.` : 'No job has been acted on yet.';
  const el = listPanel('Outcomes', {
    field: 'outcomes',
    url: (after) => `${path}/outcomes${query({ outcome, after, limit: 100 })}`,
    signal,
    render: (all) =>
      all.length ? table('Outcomes', COLUMNS, all.map(row)) : empty('None', none()),
    tools: h('select', { 'aria-label': 'Outcome', onchange }, options),
  });
  return el;
}

const ABORT = 'Jobs that were changed stay changed; the rest is left alone.';

export function mount(root, { params: { id }, search, signal }) {
  const path = `/actions/${encodeURIComponent(id)}`;
  const abort = async () => {
    if (!(await confirm('Abort this action?', h('p', ABORT), 'Abort'))) return;
    await attempt(async () => {
      await post(`${path}/abort`, {});
      whole.refreshQuietly();
    });
  };
  const undo = async () => {
    await undoBulk(id);
    whole.refreshQuietly();
  };
  const whole = panel(null, {
    load: () => get(path, { signal }),
    render: (body, one) => patch(body, summary(one, abort, undo)),
  });
  const panels = [whole, outcomesPanel(path, signal, search)];
  const sub = trail('Actions', '/actions', id);
  return panelPage(root, 'Action', panels, signal, { every: 1000, sub });
}
