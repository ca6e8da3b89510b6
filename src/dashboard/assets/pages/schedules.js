// Schedules: what creates jobs by the clock, with their next times.
import { get, post, query, send } from '../app/api.js';
import { attempt, confirm, toast } from '../parts/dialogs.js';
import { h } from '../parts/dom.js';
import { exact, when } from '../parts/format.js';
import { listPanel, panelPage } from '../parts/list-page.js';
import { cells, table } from '../parts/panel.js';
import { makeSchedule, showTimes } from '../parts/schedule-dialogs.js';
import { plainBadge } from '../parts/status.js';
import { jobUrl, user } from '../parts/text.js';
import { actionButton, empty } from '../parts/ui.js';

const NONE = 'A schedule creates a job at each of its times: every night, every hour, or once.';

const COLUMNS = [
  ['Schedule', 'grow'],
  ['State'],
  ['Next'],
  ['Last'],
  ['Jobs', 'num'],
  ['Skipped', 'num'],
  ['', 'num'],
];

/** The path of one schedule in the API. */
const pathOf = (one, rest = '') => `/schedules/${encodeURIComponent(one.schedule_id)}${rest}`;

function state(one) {
  if (one.paused_at) return plainBadge('paused');
  if (!one.next_at) return h('span.small', 'No more times');
  if (one.error) return h('span.bad', 'Failing');
  return h('span.small', 'Active');
}

/** The last time, which leads to its job. */
function last(one) {
  const time = when(one.last_at);
  return one.last_job_id ? h('a', { href: jobUrl(one.last_job_id) }, time) : time;
}

function name(one) {
  const times = () => showTimes(one, get(pathOf(one, '/next')));
  return h(
    'span.stack',
    h('b.clamp', one.schedule_id),
    h('button.link', { onclick: times }, one.words),
    one.error && h('span.small.bad', user(one.error)),
  );
}

/** `act(call)` makes a call and shows the list again. */
function buttons(one, act) {
  const paused = Boolean(one.paused_at);
  const toggle = () => act(() => post(pathOf(one, paused ? '/resume' : '/pause'), {}));
  const run = () =>
    act(async () => {
      const job = await post(pathOf(one, '/run'), {});
      toast(`${one.schedule_id} made a job.`, { link: ['Show it', jobUrl(job.job_id)] });
    });
  const remove = async () => {
    const text = h('p', 'Its jobs stay. No more will be made.');
    const sure = await confirm(`Delete ${one.schedule_id}?`, text, 'Delete');
    if (sure) act(() => send('DELETE', pathOf(one)));
  };
  return h(
    'span.row.end',
    actionButton('Run now', 'plus', run, 'small'),
    actionButton(paused ? 'Resume' : 'Pause', paused ? 'play' : 'pause', toggle, 'small'),
    actionButton('Delete', 'trash', remove, 'small quiet'),
  );
}

const row = (one, act) =>
  h(
    'tr',
    { data: { key: one.schedule_id } },
    cells(COLUMNS, [
      name(one),
      state(one),
      when(one.next_at),
      last(one),
      exact(one.fired),
      exact(one.skipped),
      buttons(one, act),
    ]),
  );

export function mount(root, { signal }) {
  const act = async (call) => {
    await attempt(call);
    list.refreshQuietly();
  };
  const make = async () => {
    const made = await makeSchedule();
    if (!made) return;
    toast(`${made.schedule_id} was added.`);
    list.refreshQuietly();
  };
  const button = (cls) => actionButton('New schedule', 'plus', make, cls);
  const list = listPanel(null, {
    field: 'schedules',
    url: (cursor) => `/schedules${query({ limit: 100, cursor })}`,
    signal,
    render: (all) =>
      all.length
        ? table(
            'Schedules',
            COLUMNS,
            all.map((one) => row(one, act)),
          )
        : empty('No schedules', NONE, button('primary')),
  });
  return panelPage(root, 'Schedules', [list], signal, { tools: [button()] });
}
