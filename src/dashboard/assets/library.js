// Series, workers and queues, imports and bulk runs: lists that are asked for again as things change.
import { h, icon, jobTitle, jobUrl, put, throttle, user } from './dom.js';
import { get, isVideo, mediaUrl, post, query, send } from './api.js';
import { count, duration, exact, percent, plural, when } from './format.js';
import { follow } from './live.js';
import { bar, plainBadge, setBar, stacked } from './status.js';
import {
  cells,
  confirm,
  copyButton,
  dialog,
  empty,
  failed,
  head,
  moreButton,
  panel,
  table,
} from './ui.js';
import { actionButton } from './actions.js';
import { play, unload } from './shots.js';
import { setTitle } from './router.js';

/** A page that loads its panels, and again when something changes, at most so often. */
function page(root, title, parts, { every = 2000, tools = [], sub } = {}) {
  setTitle(typeof title === 'string' ? title : '');
  put(root, head(title, sub, tools), parts);
  const all = () => Promise.all(parts.map((part) => part.refresh()));
  const soon = throttle(() => all().catch(() => {}), every);
  all().catch(() => {});
  const stream = follow('/events/stream', { changes: soon, reset: soon, poll: all });
  const slow = setInterval(() => {
    if (!document.hidden) soon();
  }, 5000);
  return {
    all,
    close() {
      stream.close();
      soon.cancel();
      clearInterval(slow);
      unload();
    },
  };
}

const enc = encodeURIComponent;

/** A panel of a list that comes by pages: the first, and more behind it when asked for. `url(after)` names a page. */
function listed(title, name, url, signal, render, props) {
  let pages = 1;
  const load = async () => {
    const rows = [];
    let at,
      n = 0;
    do {
      const page = await get(url(at), { signal });
      rows.push(...page[name]);
      at = page.next_cursor ?? page.next_after ?? null;
    } while ((n += 1) < pages && at !== null);
    return { rows, more: at !== null };
  };
  const el = panel(title, {
    ...props,
    load,
    render: (body, { rows, more }) =>
      put(
        body,
        render(rows),
        more &&
          moreButton(() => {
            pages += 1;
            return el.refresh();
          }),
      ),
  });
  return el;
}

const ask = (title, label, verb) =>
  dialog(title, (close) => {
    const input = h('input', {
      type: 'text',
      required: true,
      autofocus: true,
      maxlength: 255,
      dir: 'auto',
    });
    return h(
      'form',
      {
        onsubmit: (e) => {
          e.preventDefault();
          close(input.value);
        },
      },
      h('label.field', h('span', label), input),
      h('div.row.end', h('button.button.primary.act', { type: 'submit' }, verb)),
    );
  });

// Series.

const share = (counts) =>
  counts.total
    ? `${exact(counts.completed)} of ${plural(counts.total, 'job')} done`
    : 'no jobs yet';

export function series(root, { signal }) {
  const card = (one) =>
    h(
      'a.series-card',
      { href: `/series/${enc(one.series_id)}` },
      h('span.title', user(one.title)),
      stacked(one.jobs, 'Jobs'),
      h(
        'span.small.row.between',
        h(
          'span',
          share(one.jobs),
          one.jobs.failed > 0 && h('span.bad', ` · ${exact(one.jobs.failed)} failed`),
        ),
        when(one.created_at),
      ),
    );
  const list = listed(
    null,
    'series',
    (cursor) => `/series${query({ limit: 48, cursor, counts: true })}`,
    signal,
    (all) =>
      all.length
        ? h('div.series-grid', all.map(card))
        : empty(
            'No series',
            'A series keeps the videos of one show together, and adds their progress up.',
            actionButton('New series', 'plus', make, 'primary'),
          ),
    { name: 'bare' },
  );
  async function make() {
    const title = await ask('New series', 'Title', 'Make it');
    if (title)
      try {
        await post('/series', { title });
        list.refresh();
      } catch (error) {
        failed(error);
      }
  }
  return page(root, 'Series', [list], { tools: [actionButton('New series', 'plus', make)] });
}

export function oneSeries(root, { params: { id }, signal }) {
  const title = h('span', user(id));
  const whole = panel(null, {
    name: 'bare',
    load: () => get(`/series/${enc(id)}?counts=true`, { signal }),
    render: (body, { title: text, jobs: counts }) => {
      put(title, user(text));
      setTitle(text);
      put(
        body,
        h(
          'div.rollup',
          stacked(counts, 'All jobs'),
          h(
            'p',
            share(counts),
            counts.processing > 0 && ` · ${exact(counts.processing)} running`,
            counts.failed > 0 && [
              ' · ',
              h(
                'a.bad',
                { href: `/jobs${query({ series_id: id, status: 'failed' })}` },
                `${exact(counts.failed)} failed`,
              ),
            ],
            ' · ',
            h('a', { href: `/jobs${query({ series_id: id })}` }, 'all jobs'),
          ),
        ),
      );
    },
  });
  const episodes = panel('Episodes', {
    load: async () => {
      const { episodes: all } = await get(
        `/episodes${query({ series_id: id, limit: 200, counts: true })}`,
        { signal },
      );
      return all.sort((a, b) => (a.number ?? Infinity) - (b.number ?? Infinity));
    },
    render: (body, all) =>
      put(
        body,
        all.length
          ? h(
              'ul.episode-list',
              all.map((one) =>
                h(
                  'li',
                  h('span.episode-no', one.number ?? '–'),
                  h(
                    'a.title',
                    { href: `/jobs${query({ episode_id: one.episode_id })}` },
                    user(one.title, 'Untitled'),
                  ),
                  stacked(one.jobs, 'Jobs'),
                  h('span.small', share(one.jobs)),
                ),
              ),
            )
          : empty(
              'No episodes',
              'Make them with POST /api/v1/episodes; jobs name theirs by episode_id.',
            ),
      ),
  });
  const box = h('div.stage-box', { hidden: true });
  const videos = panel('Finished videos', {
    load: async () =>
      (
        await get(`/jobs${query({ series_id: id, status: 'completed', limit: 24 })}`, { signal })
      ).jobs.map((job) => ({
        id: job.job_id,
        title: job.project_title,
        at: job.completed_at,
        url: mediaUrl(job.result?.final_video_path ?? job.result?.video_path),
      })),
    render: (body, all) =>
      put(
        body,
        box,
        all.length
          ? h(
              'ul.video-list',
              all.map((one) =>
                h(
                  'li',
                  one.url && isVideo(one.url)
                    ? h(
                        'button.button.icon',
                        {
                          'aria-label': `Play ${one.title ?? one.id}`,
                          onclick: () => {
                            box.hidden = false;
                            play(box, one.url, null, one.title ?? one.id);
                            box.scrollIntoView({ block: 'nearest' });
                          },
                        },
                        icon('play', 18),
                      )
                    : h('span.button.icon.off', icon('film', 18)),
                  h('a.title', { href: jobUrl(one.id) }, user(one.title, one.id)),
                  h('span.small', when(one.at)),
                ),
              ),
            )
          : empty('None yet', 'Videos of this series show up here when they are done.'),
      ),
  });
  return page(root, title, [whole, episodes, videos], {
    tools: [
      h('a.button.primary', { href: `/new${query({ series: id })}` }, icon('plus', 18), 'New job'),
    ],
  });
}

// Workers and queues.

export function workers(root, { signal }) {
  const crew = [
    ['Worker'],
    ['State'],
    ['Types'],
    ['Jobs', 'grow'],
    ['Last sign', 'num'],
    ['Done', 'num'],
    ['Failed', 'num'],
    ['Rescued', 'num'],
  ];
  const list = panel(null, {
    load: async () => (await get('/workers', { signal })).workers,
    render: (body, all) =>
      put(
        body,
        all.length
          ? table(
              'Workers',
              crew,
              all.map((one) =>
                h(
                  'tr',
                  { class: one.status === 'stale' ? 'gone' : '' },
                  cells(crew, [
                    h(
                      'span.stack',
                      h('b.clamp', user(one.worker_id)),
                      h('span.small', user([one.host, one.version].filter(Boolean).join(' · '))),
                    ),
                    plainBadge(one.status),
                    h('span.small', (one.job_types ?? []).join(', ') || 'any'),
                    one.jobs?.length
                      ? h(
                          'ul.plain',
                          one.jobs.map((job) =>
                            h(
                              'li',
                              h('a', { href: jobUrl(job.job_id) }, jobTitle(job)),
                              h(
                                'span.small',
                                ` ${percent(job.progress)} `,
                                user(job.current_stage),
                              ),
                            ),
                          ),
                        )
                      : h('span.none', '–'),
                    when(one.last_seen_at),
                    exact(one.completed ?? 0),
                    exact(one.failed ?? 0),
                    exact(one.rescued ?? 0),
                  ]),
                ),
              ),
            )
          : empty(
              'No worker has been seen',
              'A worker asks for jobs with POST /api/v1/claims, and tells that it lives by its heartbeats.',
              h('a.button', { href: '/docs' }, 'API docs'),
            ),
      ),
  });
  const types = [['Type'], ['Waiting', 'num'], ['Running', 'num'], ['Limit', 'num'], ['', 'num']];
  const set = async (queue, change) => {
    try {
      await send('PUT', `/queues/${enc(queue.job_type)}`, { body: change });
    } catch (error) {
      failed(error);
    }
    queues.refresh();
  };
  const queues = panel('Queues', {
    load: async () => (await get('/queues', { signal })).queues,
    render: (body, all) =>
      put(
        body,
        all.length
          ? table(
              'Queues',
              types,
              all.map((one) =>
                h(
                  'tr',
                  cells(types, [
                    h(
                      'span.row',
                      h('a', { href: `/jobs${query({ job_type: one.job_type })}` }, one.job_type),
                      one.paused && plainBadge('paused'),
                    ),
                    exact(one.queued),
                    exact(one.processing),
                    h(
                      'button.link.act',
                      {
                        onclick: async () => {
                          const most = await ask(
                            `Most ${one.job_type} jobs at once`,
                            'A number, or none',
                            'Set',
                          );
                          if (most !== undefined)
                            set(one, { max_running: /^\d+$/.test(most) ? Number(most) : null });
                        },
                      },
                      one.max_running ?? 'no limit',
                    ),
                    actionButton(
                      one.paused ? 'Go on' : 'Pause',
                      one.paused ? 'play' : 'pause',
                      () => set(one, { paused: !one.paused }),
                    ),
                  ]),
                ),
              ),
            )
          : empty('No queue yet', 'There is one for each type of job.'),
      ),
  });
  return page(root, 'Workers', [list, queues]);
}

// Imports.

const importNumbers = (one) => [
  ['Read', one.found],
  ['Loaded', one.imported],
  ['There already', one.already_there],
  ['Merged', one.merged],
  ['Overwritten', one.overwritten],
  ['Repaired', one.repaired],
  ['Rejected', one.rejected],
];
const sources = (options) =>
  [options?.files, options?.sources, options?.source, options?.shown_as]
    .flat()
    .filter((t) => typeof t === 'string')
    .join(', ');

export function imports(root, { signal }) {
  const columns = [
    ['Import'],
    ['State'],
    ['Read', 'num'],
    ['Loaded', 'num'],
    ['Repaired', 'num'],
    ['Rejected', 'num'],
    ['Started', 'num'],
  ];
  const row = (one) =>
    h(
      'tr',
      cells(columns, [
        h(
          'span.stack',
          h(
            'a.title.clamp',
            { href: `/imports/${enc(one.import_id)}` },
            user(sources(one.options), one.import_id),
          ),
          one.options?.dry_run && h('span.tag', 'dry run'),
        ),
        plainBadge(one.status),
        exact(one.found),
        exact(one.imported),
        exact(one.repaired),
        h('span', { class: one.rejected ? 'bad' : '' }, exact(one.rejected)),
        when(one.started_at),
      ]),
    );
  const list = listed(
    null,
    'imports',
    (cursor) => `/imports${query({ limit: 50, cursor })}`,
    signal,
    (all) =>
      all.length
        ? table('Imports', columns, all.map(row))
        : empty(
            'Nothing was imported',
            'Bring the jobs of an older store along:',
            h('code', 'callsheet import jobs.json'),
          ),
  );
  return page(root, 'Imports', [list]);
}

export function oneImport(root, { params: { id }, signal }) {
  const sure = () =>
    confirm('Abort this import?', h('p', 'What came in stays; the rest is left alone.'), 'Abort');
  const abort = async () => {
    if (!(await sure())) return;
    try {
      await post(`/imports/${enc(id)}/abort`, {});
      whole.refresh();
    } catch (error) {
      failed(error);
    }
  };
  const counted = (one) =>
    one.rejected > one.rejects_kept &&
    h('p.small', `Of ${exact(one.rejected)} rejects, ${exact(one.rejects_kept)} are kept.`);
  const whole = panel(null, {
    load: () => get(`/imports/${enc(id)}`, { signal }),
    render: (body, one) =>
      put(
        body,
        h(
          'div.row.between',
          plainBadge(one.status),
          h(
            'span.small',
            'started ',
            when(one.started_at),
            one.finished_at &&
              `, took ${duration((Date.parse(one.finished_at) - Date.parse(one.started_at)) / 1000)}`,
          ),
        ),
        one.error && h('div.error-text', user(one.error)),
        h(
          'dl.numbers-grid',
          importNumbers(one).map(([name, n]) =>
            h(
              'div',
              { class: name === 'Rejected' && n ? 'bad' : '' },
              h('dt', name),
              h('dd', { title: exact(n) }, count(n)),
            ),
          ),
        ),
        sources(one.options) && h('p.small', 'From ', h('code.wrap', user(sources(one.options)))),
        counted(one),
        one.status === 'running' && h('p', actionButton('Abort', 'cancel', abort, 'danger')),
      ),
  });
  const reject = (one) =>
    h(
      'li',
      h('p', h('b', user(one.detail))),
      h(
        'p.small',
        h('code', one.reason),
        ' in ',
        h('code.wrap', user(one.file)),
        one.key !== null && [', ', h('code.wrap', user(one.key))],
      ),
      one.raw &&
        h(
          'details',
          h('summary', 'As it was found'),
          h(
            'div.trace-box',
            copyButton(one.raw, 'Copy the record'),
            h('pre.trace', { tabindex: 0, role: 'group', 'aria-label': 'Record' }, user(one.raw)),
          ),
        ),
    );
  const list = listed(
    'Rejects',
    'rejects',
    (after) => `/imports/${enc(id)}/rejects${query({ after, limit: 100 })}`,
    signal,
    (all) =>
      all.length
        ? h('ul.rejects', all.map(reject))
        : empty('No rejects', 'Every record that was read came in.'),
  );
  return page(root, 'Import', [whole, list], {
    every: 1000,
    sub: h('span', h('a', { href: '/imports' }, 'Imports'), ' / ', h('code', id)),
  });
}

// Bulk runs.

const VERBS = { cancel: 'Cancel', retry: 'Retry', delete: 'Delete', set_priority: 'Set priority' };
const bulkBar = (one) => {
  const el = bar('Progress of the action');
  setBar(
    el,
    one.matching ? (100 * one.done) / one.matching : 100,
    one.status === 'failed' ? 'failed' : one.status === 'completed' ? 'completed' : 'processing',
  );
  return el;
};

export function actions(root, { signal }) {
  const columns = [
    ['Action'],
    ['Filter', 'grow'],
    ['State'],
    ['Done'],
    ['Changed', 'num'],
    ['Skipped', 'num'],
    ['Failed', 'num'],
    ['Started', 'num'],
  ];
  const row = (one) =>
    h(
      'tr',
      cells(columns, [
        h('a.title', { href: `/actions/${enc(one.action_id)}` }, VERBS[one.action] ?? one.action),
        h('span.small', user(one.filter_text)),
        plainBadge(one.status),
        h(
          'span.bar-line',
          bulkBar(one),
          h('span.small', `${exact(one.done)}/${exact(one.matching)}`),
        ),
        exact(one.changed),
        exact(one.skipped),
        h('span', { class: one.failed ? 'bad' : '' }, exact(one.failed)),
        when(one.created_at),
      ]),
    );
  const list = listed(
    null,
    'actions',
    (cursor) => `/actions${query({ limit: 50, cursor })}`,
    signal,
    (all) =>
      all.length
        ? table('Actions', columns, all.map(row))
        : empty(
            'No bulk action yet',
            'Filter or select jobs in the list, and act on all of them at once.',
            h('a.button', { href: '/jobs' }, 'Jobs'),
          ),
  );
  return page(root, 'Actions', [list], { every: 1000 });
}

export function action(root, { params: { id }, signal }) {
  const abort = async () => {
    if (
      await confirm(
        'Abort this action?',
        h('p', 'What is done stays done; the rest is left alone.'),
        'Abort',
      )
    )
      try {
        await post(`/actions/${enc(id)}/abort`, {});
        whole.refresh();
      } catch (error) {
        failed(error);
      }
  };
  const whole = panel(null, {
    load: () => get(`/actions/${enc(id)}`, { signal }),
    render: (body, one) =>
      put(
        body,
        h('div.row.between', h('b', VERBS[one.action] ?? one.action), plainBadge(one.status)),
        h('p.small', user(one.filter_text)),
        bulkBar(one),
        one.error && h('div.error-text', user(one.error)),
        h(
          'dl.numbers-grid',
          [
            ['Matching', one.matching],
            ['Done', one.done],
            ['Changed', one.changed],
            ['Skipped', one.skipped],
            ['Failed', one.failed],
          ].map(([name, n]) =>
            h(
              'div',
              { class: name === 'Failed' && n ? 'bad' : '' },
              h('dt', name),
              h('dd', exact(n)),
            ),
          ),
        ),
        one.status === 'running' && h('p', actionButton('Abort', 'cancel', abort, 'danger')),
      ),
  });
  const columns = [['Job'], ['Outcome'], ['Why', 'grow']];
  let wanted = '';
  const row = (one) =>
    h(
      'tr',
      cells(columns, [
        h('a', { href: jobUrl(one.job_id) }, user(one.job_id)),
        plainBadge(one.outcome),
        user(one.detail ?? one.code, '–'),
      ]),
    );
  const rows = listed(
    'Outcomes',
    'outcomes',
    (after) => `/actions/${enc(id)}/outcomes${query({ outcome: wanted, after, limit: 100 })}`,
    signal,
    (all) =>
      all.length
        ? table('Outcomes', columns, all.map(row))
        : empty(
            'None',
            wanted ? `No job of this action was ${wanted}.` : 'No job has been acted on yet.',
          ),
    {
      tools: h(
        'select',
        {
          'aria-label': 'Outcome',
          onchange: (e) => {
            wanted = e.target.value;
            rows.refresh();
          },
        },
        ['', 'changed', 'skipped', 'failed'].map((o) => h('option', { value: o }, o || 'all')),
      ),
    },
  );
  return page(root, 'Action', [whole, rows], {
    every: 1000,
    sub: h('span', h('a', { href: '/actions' }, 'Actions'), ' / ', h('code', id)),
  });
}
