// Dialogs of webhooks: a new one, its secret, its last messages, and a replay.
import { get, post, query } from '../app/api.js';
import { copyButton } from './copy.js';
import { ask, attempt, dialog, form, submitButton, toast } from './dialogs.js';
import { h, put } from './dom.js';
import { when } from './format.js';
import { cells, table } from './panel.js';
import { jobUrl, user } from './text.js';
import { actionButton, empty } from './ui.js';

/** Messages that the dialog shows. */
const COUNT = 20;

/** Kinds of messages, and whether a new webhook has them at first. */
const KINDS = [
  ['job.completed', true],
  ['job.failed', true],
  ['job.cancelled', true],
  ['job.created', false],
  ['job.started', false],
  ['job.retry_scheduled', false],
  ['job.progressed', false],
  ['schedule.skipped', false],
];

/** The path of one webhook in the API. */
export const pathOf = (one, rest = '') => `/webhooks/${encodeURIComponent(one.webhook_id)}${rest}`;

/** Asks for a webhook and creates it; resolves with it, or with undefined. */
export const makeWebhook = () =>
  dialog('New webhook', (close) => {
    const url = h('input', {
      type: 'url',
      required: true,
      maxlength: 2048,
      autocomplete: 'off',
      autofocus: true,
    });
    const boxes = KINDS.map(([kind, checked]) =>
      h('input', { type: 'checkbox', checked, value: kind }),
    );
    const failure = h('p.bad', { role: 'alert' });
    const submit = async () => {
      const kinds = boxes.filter((box) => box.checked).map((box) => box.value);
      try {
        close(await post('/webhooks', { url: url.value.trim(), kinds }));
      } catch (error) {
        put(failure, user(error.errors?.[0]?.detail ?? error.message));
      }
    };
    return form(
      submit,
      h('label.field', h('span', 'URL of the endpoint'), url),
      h(
        'div.stack',
        { role: 'group', 'aria-label': 'Messages' },
        h('b', 'Messages'),
        boxes.map((box) => h('label.check', box, h('span', box.value))),
      ),
      failure,
      h('div.row.end', submitButton('Add webhook')),
    );
  });

/** Shows the secret of a webhook, which no later answer has. */
export const showSecret = (one) =>
  dialog('Secret of the webhook', (close) => [
    h('p', 'The endpoint verifies messages with it. It is shown this once.'),
    h('p.row', h('code.clamp', one.secret), copyButton(one.secret, 'Copy the secret')),
    h('div.row.end', h('button.button.primary', { onclick: () => close() }, 'Done')),
  ]);

const COLUMNS = [['Message', 'grow'], ['Time'], ['State'], ['Attempts', 'num'], ['', 'num']];

const WORDS = {
  pending: 'Waits',
  sending: 'Is being sent',
  delivered: 'Delivered',
  failed: 'Failed',
};

function message(one) {
  const kind = h('b', one.kind);
  return h(
    'span.stack',
    one.job_id ? h('a', { href: jobUrl(one.job_id) }, kind) : kind,
    one.error && h('span.small.bad', user(one.error)),
  );
}

function delivery(one, again) {
  const bad = one.state === 'failed' || (one.state === 'pending' && one.error);
  const next = one.next_at && one.state === 'pending' && one.attempt > 0;
  return h(
    'tr',
    cells(COLUMNS, [
      message(one),
      when(one.created_at),
      h('span.stack', h(bad ? 'span.bad' : 'span', WORDS[one.state]), next && when(one.next_at)),
      String(one.attempt),
      one.kind !== 'webhook.test' && actionButton('Send', 'retry', () => again(one), 'small'),
    ]),
  );
}

/** Shows the last messages of a webhook. */
export const showDeliveries = (hook) =>
  dialog(
    'Last messages',
    () => {
      const body = h('div', { 'aria-live': 'polite' });
      const load = async () => {
        const { deliveries } = await get(pathOf(hook, `/deliveries${query({ limit: COUNT })}`));
        const rows = deliveries.map((one) => delivery(one, again));
        const none = empty('No messages', 'None was sent in the last 30 days.');
        put(body, rows.length ? table('Last messages', COLUMNS, rows) : none);
      };
      const again = (one) =>
        attempt(async () => {
          await post(`/deliveries/${one.delivery_id}/retry`, {});
          toast('It is sent again in a moment.');
          await load();
        });
      load().catch((error) => put(body, h('p.bad', user(error.message))));
      return body;
    },
    { wide: true },
  );

/** Asks from when on to send again. `act(call)` makes a call and shows the list again. */
export async function replay(one, act) {
  const props = { type: 'datetime-local' };
  const since = await ask('Send again', 'What happened since', 'Send again', props);
  if (!since) return;
  act(async () => {
    await post(pathOf(one, '/replay'), { since: new Date(since).toISOString() });
    toast('It is sent again now.');
  });
}
