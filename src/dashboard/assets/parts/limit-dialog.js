// Asks how many jobs of a type may run at once.
import { dialog, form, submitButton } from './dialogs.js';
import { h } from './dom.js';

/** The largest number that the server takes. */
const MOST = 2147483647;

const FIELD = { type: 'number', min: 1, max: MOST, step: 1, required: true, inputmode: 'numeric' };

const radio = (value, checked, label, ...more) =>
  h(
    'label.check',
    h('input', { type: 'radio', name: 'limit', value, checked }),
    h('span', label),
    more,
  );

/** Resolves with a number, with null for no limit, or with undefined when it is left as it is. */
export const askLimit = ({ job_type: type, max_running: now }) =>
  dialog(`Most ${type} jobs at once`, (close) => {
    const number = h('input', { ...FIELD, 'aria-label': 'Most jobs at once', value: now ?? '' });
    const some = radio('some', now !== null, 'At most', number, h('span', 'at once'));
    const none = radio('none', now === null, 'No limit');
    const limited = () => some.querySelector('[type=radio]').checked;
    const show = () => {
      // An empty field is asked for only where it counts.
      number.required = limited();
    };
    const choose = () => {
      some.querySelector('[type=radio]').checked = true;
      show();
    };
    number.addEventListener('input', choose);
    number.setAttribute('autofocus', '');
    show();
    const submit = () => {
      // What the browser cannot read as a number is an empty value.
      if (limited() && !number.reportValidity()) return;
      close(limited() ? number.valueAsNumber : null);
    };
    const fields = h('fieldset.limit', { onchange: show }, some, none);
    return form(submit, fields, h('div.row.end', submitButton('Set limit')));
  });
