// Dialogs of schedules: the next times of one, and a new one with a preview in words.
import { post } from '../app/api.js';
import { dialog, form, submitButton } from './dialogs.js';
import { h, put, throttle } from './dom.js';
import { both, moment, when } from './format.js';
import { user } from './text.js';

/** Next times that a preview shows. */
const COUNT = 5;

/** The times in words, what may surprise, and the next times in the reader's time. */
const times = ({ words, notes, next }) => [
  h('p.strong', user(words)),
  notes.map((note) => h('p.small', user(note))),
  h(
    'ol.plain',
    next.map((time) => h('li', { title: both(time) }, moment(time), ' · ', when(time))),
  ),
  next.length === 0 && h('p.small', 'No more times.'),
];

/** Shows the next times; `answer` is the promise of them. */
export const showTimes = (one, answer) =>
  dialog(one.schedule_id, () => {
    const body = h('div', { 'aria-live': 'polite' }, h('p.small', user(one.expr)));
    answer.then(
      (shown) => put(body, times(shown)),
      (error) => put(body, h('p.bad', user(error.message))),
    );
    return body;
  });

const KINDS = [
  ['cron', 'By a cron expression', '30 9 * * MON-FRI'],
  ['every', 'Again after a time', '12h'],
  ['once', 'Once', '2027-01-31T18:00'],
];

const field = (label, input, ...more) => h('label.field', h('span', label), input, more);

const text = (props) => h('input', { type: 'text', autocomplete: 'off', ...props });

/** The fields of a new schedule, by name. */
function inputs() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
  return {
    id: text({ required: true, maxlength: 40, pattern: '[a-z0-9_.\\-]+', autofocus: true }),
    kind: h(
      'select',
      KINDS.map(([value, label]) => h('option', { value }, label)),
    ),
    expr: text({ required: true, maxlength: 255, placeholder: KINDS[0][2] }),
    zone: text({ maxlength: 64, value: zone }),
    type: text({ required: true, maxlength: 50, value: 'idea2video' }),
    content: h('textarea', { rows: 4, dir: 'auto' }),
  };
}

const spec = ({ kind, expr, zone }) => ({
  kind: kind.value,
  expr: expr.value,
  timezone: zone.value.trim() || 'UTC',
});

/** Shows the words of what is typed; `shown` is where. */
function previews(fields, shown) {
  let turn = 0;
  const load = async () => {
    const mine = ++turn;
    if (!fields.expr.value.trim()) return put(shown);
    try {
      const answer = await post('/schedules/preview', { ...spec(fields), count: COUNT });
      if (mine === turn) put(shown, times(answer));
    } catch (error) {
      const detail = error.errors?.[0]?.detail ?? error.message;
      if (mine === turn) put(shown, h('p.bad', user(detail)));
    }
  };
  return throttle(load, 300);
}

/** Asks for a schedule and creates it; resolves with it, or with undefined. */
export const makeSchedule = () =>
  dialog('New schedule', (close) => {
    const fields = inputs();
    const shown = h('div.preview', { 'aria-live': 'polite' });
    const failure = h('p.bad', { role: 'alert' });
    const soon = previews(fields, shown);
    const pick = () => {
      fields.expr.placeholder = KINDS.find(([kind]) => kind === fields.kind.value)[2];
      soon();
    };
    fields.kind.addEventListener('change', pick);
    for (const one of [fields.expr, fields.zone]) one.addEventListener('input', soon);
    const submit = async () => {
      const template = { job_type: fields.type.value.trim() };
      if (fields.content.value.trim()) template.content = fields.content.value;
      const body = { schedule_id: fields.id.value.trim(), ...spec(fields), template };
      try {
        close(await post('/schedules', body));
      } catch (error) {
        put(failure, user(error.message));
      }
    };
    return form(
      submit,
      field('Id', fields.id),
      field('When', fields.kind),
      field('Expression', fields.expr),
      field('Time zone', fields.zone),
      shown,
      field('Type of the jobs', fields.type),
      field('Idea or script', fields.content),
      failure,
      h('div.row.end', submitButton('Add schedule')),
    );
  });
