// Round values for the axes of charts.
import { atMinute } from './format.js';

/** Steps of an axis of durations, in seconds. */
const DURATIONS = [
  1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 18000, 36000, 86400,
];

function roundStep(wanted, time) {
  const step = time && wanted > 0.5 && DURATIONS.find((n) => n >= wanted);
  if (step) return step;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const round = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= wanted);
  return time ? round : Math.max(1, round);
}

/** About four round values from zero to at least `max`; `time` when they are seconds. */
export function ticks(max, time) {
  const step = roundStep(Math.max(max, time ? 4 : 1) / 4, time);
  const all = [];
  for (let v = 0; v <= max + step * 0.999; v += step) all.push(v);
  return all.length > 1 ? all : [0, step];
}

const DAY = 1440;
const HOUR = 60;

/**
 * Round local times between two moments, `step` minutes apart. They are found on the local clock,
 * because a time zone may be off by 45 minutes.
 */
export function timeTicks(from, to, step) {
  const all = [];
  const at = new Date(from);
  if (step >= DAY) at.setHours(24, 0, 0, 0);
  else if (step >= HOUR) {
    at.setMinutes(HOUR, 0, 0);
    while (at.getHours() % (step / HOUR)) at.setHours(at.getHours() + 1);
  } else at.setMinutes(Math.ceil((at.getMinutes() + at.getSeconds() / 60) / step) * step, 0, 0);
  while (at.getTime() <= to) {
    all.push(new Date(at));
    if (step >= DAY) at.setDate(at.getDate() + 1);
    else at.setTime(at.getTime() + step * 60000);
  }
  return all;
}

/** Minutes between the times under a chart whose bins are `bin` milliseconds long. */
export function timeStep(bin, wide) {
  if (bin === 60000) return wide ? 10 : 20;
  if (bin === 900000) return wide ? 180 : 360;
  return DAY;
}

/** A time under a chart. */
export function timeLabel(time, step, wide) {
  if (step < DAY) return atMinute(time);
  const parts = wide ? { day: 'numeric', month: 'short' } : { day: 'numeric' };
  return time.toLocaleDateString(undefined, parts);
}

/** A number of seconds beside a chart. */
export function shortDuration(seconds) {
  if (seconds === 0) return '0';
  if (seconds < 60) return `${+seconds.toFixed(1)} s`;
  return seconds < 3600 ? `${+(seconds / 60).toFixed(1)} min` : `${+(seconds / 3600).toFixed(1)} h`;
}
