// All imports.
import { query } from '../app/api.js';
import { h } from '../parts/dom.js';
import { exact, when } from '../parts/format.js';
import { sourcesOf } from '../parts/imports.js';
import { listPanel, panelPage } from '../parts/list-page.js';
import { cells, table } from '../parts/panel.js';
import { plainBadge } from '../parts/status.js';
import { user } from '../parts/text.js';
import { empty } from '../parts/ui.js';

const COLUMNS = [
  ['Import'],
  ['State'],
  ['Read', 'num'],
  ['Loaded', 'num'],
  ['Repaired', 'num'],
  ['Rejected', 'num'],
  ['Started', 'num'],
];

function row(one) {
  const href = `/imports/${encodeURIComponent(one.import_id)}`;
  const name = h('a.title.clamp', { href }, user(sourcesOf(one), one.import_id));
  return h(
    'tr',
    { data: { key: one.import_id } },
    cells(COLUMNS, [
      h('span.stack', name, one.options?.dry_run && h('span.tag', 'dry run')),
      plainBadge(one.status),
      exact(one.found),
      exact(one.imported),
      exact(one.repaired),
      h('span', { class: one.rejected ? 'bad' : '' }, exact(one.rejected)),
      when(one.started_at),
    ]),
  );
}

const none = () =>
  empty(
    'Nothing was imported',
    'Bring the jobs of an older store along:',
    h('code', 'callsheet import jobs.json'),
  );

export function mount(root, { signal }) {
  const list = listPanel(null, {
    field: 'imports',
    url: (cursor) => `/imports${query({ limit: 50, cursor })}`,
    signal,
    render: (all) => (all.length ? table('Imports', COLUMNS, all.map(row)) : none()),
  });
  return panelPage(root, 'Imports', [list], signal);
}
