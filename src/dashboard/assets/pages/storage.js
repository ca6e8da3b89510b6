// Storage: how long ended jobs are kept, what would go now, archives and backups.
import { get, post, query } from '../app/api.js';
import { h, patch } from '../parts/dom.js';
import { exact, size, when } from '../parts/format.js';
import { listPanel, panelPage } from '../parts/list-page.js';
import { cells, panel, table } from '../parts/panel.js';
import { plainBadge } from '../parts/status.js';
import { empty } from '../parts/ui.js';

const RULES = [
  ['Type', 'grow'],
  ['Completed', 'num'],
  ['Failed', 'num'],
  ['Cancelled', 'num'],
  ['Then', 'num'],
];

const COUNTS = [['Ended in', 'grow'], ['Type'], ['Status'], ['Jobs', 'num']];

const ARCHIVES = [
  ['Object', 'grow'],
  ['Archived'],
  ['Jobs', 'num'],
  ['Not restored', 'num'],
  ['Size', 'num'],
];

const BACKUPS = [['File', 'grow'], ['Made'], ['Size', 'num']];

const FOREVER =
  'By default no job is removed. Start servers with --keep-completed 30d, or set a rule of one ' +
  'type with callsheet queue keep.';

const NO_ARCHIVES = 'With --archive FOLDER and --keep-then archive, ended jobs go there.';
const NO_BACKUPS = 'With --backup-dir FOLDER and --backup-every 6h, the server makes them.';
const NOT_SHOWN = 'Only a key with the role admin sees the backups.';

const ALL = ['completed', 'failed', 'cancelled'];

function ruleRow(one) {
  const time = (name) => (one[name] === 'forever' ? h('span.small', 'forever') : h('b', one[name]));
  const keeps = ALL.every((name) => one[name] === 'forever');
  return h(
    'tr',
    { data: { key: one.job_type ?? '' } },
    cells(RULES, [
      one.job_type ? h('b.clamp', one.job_type) : h('span.small', 'All other types'),
      ...ALL.map(time),
      keeps ? h('span.none', '–') : one.then,
    ]),
  );
}

/** What becomes of the jobs of a row; without an archive, none goes there. */
function fate(one, preview) {
  if (one.then === 'archive' && !preview.has_archive) return 'stays: the server has no --archive';
  return one.then === 'archive' ? 'would be archived' : 'would be deleted';
}

const countRow = (one, preview) =>
  h(
    'tr',
    { data: { key: `${one.then} ${one.status} ${one.job_type} ${one.month}` } },
    cells(COUNTS, [
      h('span.stack', h('b', one.month), h('span.small', fate(one, preview))),
      h('span.clamp', one.job_type),
      plainBadge(one.status),
      exact(one.jobs),
    ]),
  );

const totalRow = (preview) =>
  h(
    'tr',
    { data: { key: 'all' } },
    cells(COUNTS, [
      h('b', 'Together'),
      '',
      '',
      h('b', exact(preview.would_delete + preview.would_archive)),
    ]),
  );

const keepsAll = (preview) =>
  preview.rules.every((one) => ALL.every((name) => one[name] === 'forever'));

/** Loads the preview once for the panels that load at the same time. */
function sharedPreview(signal) {
  let pending = null;
  return () => {
    pending ??= post('/retention/preview', {}, { signal }).finally(() => {
      pending = null;
    });
    return pending;
  };
}

const rulesPanel = (load) =>
  panel('What is kept', {
    load,
    render: (body, preview) =>
      patch(
        body,
        keepsAll(preview)
          ? empty('Everything is kept', FOREVER)
          : table('How long ended jobs are kept', RULES, preview.rules.map(ruleRow)),
      ),
  });

const countsPanel = (load) =>
  panel('What would go now', {
    load,
    render: (body, preview) => {
      const rows = preview.counts.map((one) => countRow(one, preview));
      patch(
        body,
        rows.length
          ? table('Jobs that would go', COUNTS, [...rows, totalRow(preview)])
          : empty('Nothing would go', 'No ended job was kept longer than its rule says.'),
      );
    },
  });

const archiveRow = (one) =>
  h(
    'tr',
    { data: { key: one.archive_id } },
    cells(ARCHIVES, [
      h('code.clamp', { title: one.location }, one.location),
      when(one.archived_at),
      exact(one.jobs),
      exact(one.archived),
      size(one.bytes),
    ]),
  );

const archivesPanel = (signal) =>
  listPanel('Archives', {
    field: 'archives',
    url: (cursor) => `/archives${query({ limit: 20, cursor })}`,
    signal,
    render: (all) =>
      all.length
        ? table('Archives', ARCHIVES, all.map(archiveRow))
        : empty('No archives', NO_ARCHIVES),
  });

const backupRow = (one) =>
  h(
    'tr',
    { data: { key: one.name } },
    cells(BACKUPS, [
      h('code.clamp', { title: one.name }, one.name),
      when(one.created_at),
      size(one.bytes),
    ]),
  );

/** The backups; null for a caller who may not see them. */
async function backups(signal) {
  try {
    return (await get('/backups', { signal })).backups;
  } catch (error) {
    if (error.status === 403) return null;
    throw error;
  }
}

function paintBackups(body, all) {
  if (all === null) patch(body, empty('Not shown', NOT_SHOWN));
  else if (all.length) patch(body, table('Backups', BACKUPS, all.map(backupRow)));
  else patch(body, empty('No backups', NO_BACKUPS));
}

const backupsPanel = (signal) =>
  panel('Backups', { load: () => backups(signal), render: paintBackups });

export function mount(root, { signal }) {
  const preview = sharedPreview(signal);
  const panels = [
    rulesPanel(preview),
    countsPanel(preview),
    archivesPanel(signal),
    backupsPanel(signal),
  ];
  return panelPage(root, 'Storage', panels, signal, { every: 10000 });
}
