// A line of values, as small as a word.
import { s } from './dom.js';

/** A line without axes. */
export function spark(points, label) {
  const max = Math.max(1, ...points);
  const step = 100 / Math.max(1, points.length - 1);
  const places = points.map(
    (v, i) => `${(i * step).toFixed(1)} ${(23 - (21 * v) / max).toFixed(1)}`,
  );
  const d = `M${places.join('L')}`;
  const box = { viewBox: '0 0 100 24', preserveAspectRatio: 'none' };
  return s(
    'svg',
    { ...box, class: 'spark', role: 'img', 'aria-label': label },
    s('path', { class: 'fill', d: `${d}L100 24L0 24z` }),
    s('path', { class: 'line', d, 'vector-effect': 'non-scaling-stroke' }),
  );
}
