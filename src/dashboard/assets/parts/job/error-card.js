// The error of a job: its cause first, then where it happened, then all of it.
import { copyButton } from '../copy.js';
import { h } from '../dom.js';
import { plural, when } from '../format.js';
import { textBox } from '../json.js';
import { shape } from '../status.js';
import { user } from '../text.js';

function errorTitle(job) {
  if (job.status === 'queued') return 'The last attempt failed';
  return job.status === 'processing' ? 'An earlier attempt failed' : 'Failed';
}

export function errorCard(job) {
  const [first, ...rest] = job.error.split('\n');
  const trace = () =>
    h(
      'details',
      h('summary', `Whole error, ${plural(rest.length + 1, 'line')}`),
      h(
        'div.trace-box',
        copyButton(job.error, 'Copy the error'),
        textBox('trace', 'The whole error', job.error),
      ),
    );
  const attempt = `Attempt ${job.attempt} of ${job.max_attempts}`;
  const worker = job.worker_id && [' on ', user(job.worker_id)];
  const at = when(job.completed_at ?? job.updated_at);
  return h(
    'section',
    { class: `error-card ${job.status === 'queued' ? 'waits' : ''}`, 'aria-label': 'Error' },
    shape('failed', 20),
    h(
      'div',
      h('h2', errorTitle(job)),
      h('p.cause-line', user(first)),
      h('p.small', attempt, worker, ', ', at),
      rest.length > 0 && trace(),
    ),
  );
}
