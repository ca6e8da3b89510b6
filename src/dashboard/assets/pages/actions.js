// All bulk actions.
import { query } from '../app/api.js';
import { actionBar, actionName } from '../parts/bulk.js';
import { h } from '../parts/dom.js';
import { exact, when } from '../parts/format.js';
import { listPanel, panelPage } from '../parts/list-page.js';
import { cells, table } from '../parts/panel.js';
import { plainBadge } from '../parts/status.js';
import { user } from '../parts/text.js';
import { empty } from '../parts/ui.js';

const COLUMNS = [
  ['Action'],
  ['Filter', 'grow'],
  ['State'],
  ['Done'],
  ['Changed', 'num'],
  ['Skipped', 'num'],
  ['Failed', 'num'],
  ['Started', 'num'],
];

function row(one) {
  const href = `/actions/${encodeURIComponent(one.action_id)}`;
  const done = h('span.small', `${exact(one.done)}/${exact(one.matching)}`);
  return h(
    'tr',
    { data: { key: one.action_id } },
    cells(COLUMNS, [
      h('a.title', { href }, actionName(one)),
      h('span.small', user(one.filter_text)),
      plainBadge(one.status),
      h('span.bar-line', actionBar(one), done),
      exact(one.changed),
      exact(one.skipped),
      h('span', { class: one.failed ? 'bad' : '' }, exact(one.failed)),
      when(one.created_at),
    ]),
  );
}

const NONE = 'Filter or select jobs in the list, and act on all of them at once.';

export function mount(root, { signal }) {
  const list = listPanel(null, {
    field: 'actions',
    url: (cursor) => `/actions${query({ limit: 50, cursor })}`,
    signal,
    render: (all) =>
      all.length
        ? table('Actions', COLUMNS, all.map(row))
        : empty('No bulk action yet', NONE, h('a.button', { href: '/jobs' }, 'Jobs')),
  });
  return panelPage(root, 'Actions', [list], signal, { every: 1000 });
}
