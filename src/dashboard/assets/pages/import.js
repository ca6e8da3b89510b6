// One import: its counts, and the records that it rejected.
import { get, post, query } from '../app/api.js';
import { copyButton } from '../parts/copy.js';
import { attempt, confirm } from '../parts/dialogs.js';
import { h, patch } from '../parts/dom.js';
import { between, count, duration, exact, when } from '../parts/format.js';
import { sourcesOf } from '../parts/imports.js';
import { textBox } from '../parts/json.js';
import { listPanel, panelPage, trail } from '../parts/list-page.js';
import { panel } from '../parts/panel.js';
import { plainBadge } from '../parts/status.js';
import { user } from '../parts/text.js';
import { actionButton, empty } from '../parts/ui.js';

const NUMBERS = [
  ['Read', 'found'],
  ['Loaded', 'imported'],
  ['Already present', 'already_there'],
  ['Merged', 'merged'],
  ['Overwritten', 'overwritten'],
  ['Repaired', 'repaired'],
  ['Rejected', 'rejected'],
];

function number(name, n) {
  const cls = name === 'Rejected' && n ? 'bad' : '';
  return h('div', { class: cls }, h('dt', name), h('dd', { title: exact(n) }, count(n)));
}

function summary(one, abort) {
  const { started_at: start, finished_at: end, rejected, rejects_kept: kept } = one;
  const sources = sourcesOf(one);
  return [
    h(
      'div.row.between',
      plainBadge(one.status),
      h('span.small', 'started ', when(start), end && `, took ${duration(between(start, end))}`),
    ),
    one.error && h('div.error-text', user(one.error)),
    h(
      'dl.numbers-grid',
      NUMBERS.map(([name, field]) => number(name, one[field])),
    ),
    sources && h('p.small', 'From ', h('code.wrap', user(sources))),
    rejected > kept && h('p.small', `Of ${exact(rejected)} rejects, ${exact(kept)} are kept.`),
    one.status === 'running' && h('p', actionButton('Abort', 'cancel', abort, 'danger')),
  ];
}

function rejectRow(one) {
  const key = one.key !== null && [', ', h('code.wrap', user(one.key))];
  const copies = one.raw && copyButton(one.raw, 'Copy the record');
  const record = one.raw && h('div.trace-box', copies, textBox('trace', 'Record', one.raw));
  return h(
    'li',
    { data: { key: one.reject_id } },
    h('p', h('b', user(one.detail))),
    h('p.small', h('code', one.reason), ' in ', h('code.wrap', user(one.file)), key),
    record && h('details', h('summary', 'The record'), record),
  );
}

const ABORT = 'Records that were imported stay; the rest is not imported.';

export function mount(root, { params: { id }, signal }) {
  const path = `/imports/${encodeURIComponent(id)}`;
  const abort = async () => {
    if (!(await confirm('Abort this import?', h('p', ABORT), 'Abort'))) return;
    await attempt(async () => {
      await post(`${path}/abort`, {});
      whole.refreshQuietly();
    });
  };
  const whole = panel(null, {
    load: () => get(path, { signal }),
    render: (body, one) => patch(body, summary(one, abort)),
  });
  const list = listPanel('Rejects', {
    field: 'rejects',
    url: (after) => `${path}/rejects${query({ after, limit: 100 })}`,
    signal,
    render: (all) =>
      all.length
        ? h('ul.rejects', all.map(rejectRow))
        : empty('No rejects', 'Every record that was read came in.'),
  });
  const sub = trail('Imports', '/imports', id);
  return panelPage(root, 'Import', [whole, list], signal, { every: 1000, sub });
}
