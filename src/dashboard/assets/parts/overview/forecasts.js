// When the queues of the overview are likely to be empty.
import { query } from '../../app/api.js';
import { h } from '../dom.js';
import { exact, rough, since, ticking } from '../format.js';
import { user } from '../text.js';

/** When a queue is likely to be empty, as a range, and what one more worker would save. */
export function emptyText(forecast) {
  const { paused, waiting, empty_at: at, empty_at_latest: latest } = forecast;
  if (paused) return 'paused';
  if (!waiting) return '';
  if (!at) return forecast.running ? 'no time known yet' : 'nothing runs';
  const in_ = (time) => rough(Math.max(1, -since(time)));
  const [soon, late] = [in_(at), in_(latest ?? at)];
  return soon === late ? `empty in about ${soon}` : `empty in ${soon} to ${late}`;
}

/** An entry of the list of queues that wait. */
export function forecastRow(forecast) {
  const { job_type: type, waiting, scheduled, empty_at: at } = forecast;
  const { empty_at_with_one_more: sooner } = forecast;
  const href = `/jobs${query({ status: 'queued', job_type: type })}`;
  const saved = at && sooner ? (Date.parse(at) - Date.parse(sooner)) / 1000 : 0;
  const more = saved >= 60 && ` · one more worker saves ${rough(saved)}`;
  return h(
    'li',
    { data: { key: type } },
    h('a', { href }, user(type), ` ${exact(waiting + scheduled)}`),
    h(
      'span.small',
      ticking(h('span'), () => emptyText(forecast)),
      more,
    ),
  );
}
