// Webhooks: endpoints that are sent what happens to jobs, with their last messages.
import { post, query, send } from '../app/api.js';
import { attempt, confirm, menuButton, toast } from '../parts/dialogs.js';
import { h } from '../parts/dom.js';
import { exact, when } from '../parts/format.js';
import { listPanel, panelPage } from '../parts/list-page.js';
import { cells, table } from '../parts/panel.js';
import { plainBadge } from '../parts/status.js';
import { user } from '../parts/text.js';
import { actionButton, empty } from '../parts/ui.js';
import {
  makeWebhook,
  pathOf,
  replay,
  showDeliveries,
  showSecret,
} from '../parts/webhook-dialogs.js';

const NONE = 'A webhook is sent what happens to jobs: another program learns when a film is done.';

const COLUMNS = [
  ['Endpoint', 'grow'],
  ['State'],
  ['Failing since'],
  ['Waiting', 'num'],
  ['Behind', 'num'],
  ['', 'num'],
];

function state(one) {
  if (one.state === 'paused') return plainBadge('paused');
  if (one.state === 'disabled') return h('span.bad', 'Disabled');
  if (one.failing_since) return h('span.bad', 'Failing');
  return h('span.small', 'Active');
}

/** What the endpoint asks for. */
function wishes(one) {
  const labels = Object.entries(one.labels).map(([key, value]) => `${key}=${value}`);
  return [...one.kinds, ...one.job_types, ...labels].join(', ');
}

const name = (one) =>
  h(
    'span.stack',
    h('b.clamp', one.url ? user(one.url) : 'URLs that jobs name'),
    h('span.small', user(wishes(one))),
    one.reason && h('span.small.bad', user(one.reason)),
  );

async function test(one) {
  const sent = await post(pathOf(one, '/test'), {});
  if (sent.state === 'delivered') toast(`The endpoint accepted the message (${sent.status_code}).`);
  else toast(user(sent.error), { tone: 'bad' });
}

/** The actions that are needed rarely. `act(call)` makes a call and shows the list again. */
function more(one, act) {
  const active = one.state === 'active';
  const toggle = () => act(() => post(pathOf(one, active ? '/pause' : '/resume'), {}));
  const rotate = async () => {
    const text = h('p', 'For 24 hours, messages are signed with the former secret as well.');
    const yes = await confirm('Make a new secret?', text, 'New secret', { danger: false });
    if (yes) act(async () => showSecret(await post(pathOf(one, '/rotate-secret'), {})));
  };
  const remove = async () => {
    const text = h('p', 'Its messages are deleted, and what waits is not sent.');
    const yes = await confirm('Delete the webhook?', text, 'Delete');
    if (yes) act(() => send('DELETE', pathOf(one)));
  };
  return [
    active
      ? { label: 'Pause', icon: 'pause', run: toggle }
      : { label: 'Resume', icon: 'play', run: toggle },
    { label: 'Send again…', icon: 'retry', run: () => replay(one, act) },
    { label: 'New secret…', icon: 'link', run: rotate },
    one.url && { label: 'Delete…', icon: 'trash', run: remove, danger: true },
  ].filter(Boolean);
}

const buttons = (one, act) =>
  h(
    'span.row.end',
    actionButton('Messages', 'list', () => showDeliveries(one), 'small'),
    one.url && actionButton('Test', 'bell', () => act(() => test(one)), 'small'),
    menuButton('More', () => more(one, act)),
  );

const row = (one, act) =>
  h(
    'tr',
    { data: { key: one.webhook_id } },
    cells(COLUMNS, [
      name(one),
      state(one),
      one.failing_since ? when(one.failing_since) : '–',
      exact(one.waiting),
      exact(one.behind),
      buttons(one, act),
    ]),
  );

export function mount(root, { signal }) {
  const act = async (call) => {
    await attempt(call);
    list.refreshQuietly();
  };
  const make = async () => {
    const made = await makeWebhook();
    if (!made) return;
    list.refreshQuietly();
    showSecret(made);
  };
  const button = (cls) => actionButton('New webhook', 'plus', make, cls);
  const list = listPanel(null, {
    field: 'webhooks',
    url: (cursor) => `/webhooks${query({ limit: 100, cursor })}`,
    signal,
    render: (all) =>
      all.length
        ? table(
            'Webhooks',
            COLUMNS,
            all.map((one) => row(one, act)),
          )
        : empty('No webhooks', NONE, button('primary')),
  });
  return panelPage(root, 'Webhooks', [list], signal, { tools: [button()] });
}
