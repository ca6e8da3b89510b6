// Plots of time buckets: axes with units, round ticks in the reader's own time, and every value to be read without a mouse.
import { h, s, put } from './dom.js';
import { atDayMinute, atMinute, duration, exact } from './format.js';

const HEIGHT = 168,
  TOP = 10,
  BOTTOM = 22,
  LEFT = 44,
  RIGHT = 8;

/** Round values up to the largest: 1, 2 or 5 times a power of ten; of seconds beyond a minute, round minutes and hours. */
export function ticks(max, time) {
  const wanted = Math.max(max, time ? 4 : 1) / 4;
  const ladder = time
    ? [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 18000, 36000, 86400]
    : [];
  let step = ladder.find((n) => n >= wanted && wanted > 0.5);
  if (!step) {
    const power = 10 ** Math.floor(Math.log10(wanted));
    step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= wanted);
    if (!time) step = Math.max(1, step);
  }
  const all = [];
  for (let v = 0; v <= max + step * 0.999; v += step) all.push(v);
  return all.length > 1 ? all : [0, step];
}

/** Round local times between two moments. A zone may be off by 45 minutes, so they are found on the local clock. */
export function timeTicks(from, to, step) {
  const all = [];
  const at = new Date(from);
  if (step >= 1440) at.setHours(24, 0, 0, 0);
  else if (step >= 60) {
    at.setMinutes(60, 0, 0);
    while (at.getHours() % (step / 60)) at.setHours(at.getHours() + 1);
  } else at.setMinutes(Math.ceil((at.getMinutes() + at.getSeconds() / 60) / step) * step, 0, 0);
  while (at.getTime() <= to) {
    all.push(new Date(at));
    if (step >= 1440) at.setDate(at.getDate() + 1);
    else at.setTime(at.getTime() + step * 60000);
  }
  return all;
}

const short = (seconds) =>
  seconds === 0
    ? '0'
    : seconds < 60
      ? `${+seconds.toFixed(1)} s`
      : seconds < 3600
        ? `${+(seconds / 60).toFixed(1)} m`
        : `${+(seconds / 3600).toFixed(1)} h`;

let count = 0;

/**
 * `kind` is 'bars' (fields completed and failed) or 'band' (fields `${field}_p50`, `${field}_p95`).
 * `pick(from, to)` opens the jobs of a bin.
 */
export function chart({ title, unit, kind, field, pick }) {
  const id = `c${++count}`;
  const plot = s('svg', { class: 'plot', tabindex: 0, role: 'img', height: HEIGHT });
  const values = h('p.values', { 'aria-live': 'polite' });
  const rows = h('tbody');
  const details = h(
    'details.numbers',
    h('summary', 'Numbers'),
    h(
      'div.scroller',
      h(
        'table.data.dense',
        { 'aria-label': `${title}, numbers` },
        h(
          'thead',
          h(
            'tr',
            h('th', { scope: 'col' }, 'From'),
            (kind === 'bars' ? ['Completed', 'Failed'] : ['p50', 'p95']).map((t) =>
              h('th', { scope: 'col', class: 'num' }, t),
            ),
          ),
        ),
        rows,
      ),
    ),
  );
  const el = h(
    'figure',
    { class: `chart ${kind}` },
    h('figcaption', h('h3', title, h('span.unit', ` ${unit}`)), legend(kind)),
    plot,
    values,
    details,
  );
  let buckets = [],
    width = 0,
    at = -1,
    scale = null;

  const value = (b) => (kind === 'bars' ? b.completed + b.failed : b[`${field}_p95`]);
  const read = (b) =>
    kind === 'bars'
      ? `${exact(b.completed)} completed, ${exact(b.failed)} failed`
      : b[`${field}_p50`] === null
        ? 'none'
        : `p50 ${duration(b[`${field}_p50`])}, p95 ${duration(b[`${field}_p95`])}`;
  const bin = (i) => {
    const from = Date.parse(buckets[i].start);
    return [from, from + scale.step];
  };

  function describe() {
    if (at >= 0 && buckets[at]) {
      const [from, to] = bin(at);
      const running = at === buckets.length - 1 ? ', still running' : '';
      put(
        values,
        h(
          'b',
          `${scale.step >= 3600000 ? atDayMinute(from) : atMinute(from)}–${atMinute(to)}${running}`,
        ),
        ` · ${read(buckets[at])} · click for the jobs created then`,
      );
      return;
    }
    const seen = buckets.filter((b) => value(b) !== null);
    if (kind === 'bars')
      put(values, `${exact(sum('completed'))} completed, ${exact(sum('failed'))} failed in all`);
    else if (seen.length) put(values, `Longest p95: ${duration(Math.max(...seen.map(value)))}`);
    else put(values, 'None ended in this time.');
  }
  const sum = (name) => buckets.reduce((all, b) => all + b[name], 0);

  function draw() {
    if (!width || !buckets.length) return;
    const step =
      buckets.length > 1 ? Date.parse(buckets[1].start) - Date.parse(buckets[0].start) : 60000;
    const start = Date.parse(buckets[0].start);
    const max = Math.max(0, ...buckets.map((b) => value(b) ?? 0));
    const marks = ticks(max, kind === 'band');
    const top = marks.at(-1);
    const w = (width - LEFT - RIGHT) / buckets.length;
    const y = (v) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - v / top);
    const x = (time) => LEFT + ((time - start) / step) * w;
    scale = { step, w };
    const end = start + step * buckets.length;
    const wide = width > 300;
    const every = step === 60000 ? (wide ? 10 : 20) : step === 900000 ? (wide ? 180 : 360) : 1440;
    const times = timeTicks(start, end, every).filter(
      (t) => x(t.getTime()) < width - 14 && x(t.getTime()) > LEFT + 6,
    );
    plot.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    plot.setAttribute('width', width);
    plot.setAttribute(
      'aria-label',
      `${title}, ${unit}. Use the arrow keys to read the values, Enter for the jobs created then.`,
    );
    put(
      plot,
      kind === 'bars' &&
        s(
          'defs',
          null,
          s(
            'pattern',
            {
              id: `${id}h`,
              width: 5,
              height: 5,
              patternUnits: 'userSpaceOnUse',
              patternTransform: 'rotate(45)',
            },
            s('rect', { width: 5, height: 5, class: 'hatch-ground' }),
            s('rect', { width: 2.5, height: 5, class: 'hatch' }),
          ),
        ),
      marks.map((v) => [
        s('line', {
          x1: LEFT,
          x2: width - RIGHT,
          y1: y(v),
          y2: y(v),
          class: v === 0 ? 'axis' : 'grid',
        }),
        s('text', { x: LEFT - 6, y: y(v) + 4, class: 'y' }, kind === 'band' ? short(v) : exact(v)),
      ]),
      times.map((t) => [
        s('line', {
          x1: x(t.getTime()),
          x2: x(t.getTime()),
          y1: HEIGHT - BOTTOM,
          y2: HEIGHT - BOTTOM + 4,
          class: 'axis',
        }),
        s(
          'text',
          { x: x(t.getTime()), y: HEIGHT - 5, class: 'x' },
          every >= 1440
            ? t.toLocaleDateString(
                undefined,
                width > 300 ? { day: 'numeric', month: 'short' } : { day: 'numeric' },
              )
            : atMinute(t),
        ),
      ]),
      kind === 'bars' ? bars(w, y) : band(w, y),
      s('line', {
        class: 'cross',
        y1: TOP,
        y2: HEIGHT - BOTTOM,
        x1: 0,
        x2: 0,
        visibility: 'hidden',
      }),
    );
    cross();
    describe();
    if (details.open) numbers();
  }

  function bars(w, y) {
    const gap = w > 4 ? 1 : 0.3;
    const rect = (i, from, to) =>
      `M${(LEFT + i * w + gap).toFixed(1)} ${y(from).toFixed(1)}V${y(to).toFixed(1)}h${(w - 2 * gap).toFixed(1)}V${y(from).toFixed(1)}z`;
    const all = (list, f) => list.map(f).join('');
    const done = buckets.slice(0, -1),
      last = buckets.length - 1,
      b = buckets[last];
    return [
      s('path', {
        class: 'good',
        d: all(done, (b, i) => (b.completed ? rect(i, 0, b.completed) : '')),
      }),
      s('path', {
        class: 'failed',
        fill: `url(#${id}h)`,
        d: all(done, (b, i) => (b.failed ? rect(i, b.completed, b.completed + b.failed) : '')),
      }),
      s('path', { class: 'good now', d: b.completed ? rect(last, 0, b.completed) : '' }),
      s('path', {
        class: 'failed now',
        fill: `url(#${id}h)`,
        d: b.failed ? rect(last, b.completed, b.completed + b.failed) : '',
      }),
    ];
  }

  /** Nothing ended in a bin: a gap, which is not zero. */
  function band(w, y) {
    const mid = (i) => (LEFT + (i + 0.5) * w).toFixed(1);
    const runs = [];
    let run = null;
    buckets.forEach((b, i) => {
      if (b[`${field}_p50`] === null) {
        run = null;
        return;
      }
      if (!run) runs.push((run = []));
      run.push([mid(i), y(b[`${field}_p50`]).toFixed(1), y(b[`${field}_p95`]).toFixed(1)]);
    });
    const area = runs
      .filter((r) => r.length > 1)
      .map(
        (r) =>
          `M${r.map(([x, , p]) => `${x} ${p}`).join('L')}L${[...r]
            .reverse()
            .map(([x, p]) => `${x} ${p}`)
            .join('L')}z`,
      )
      .join('');
    const lineOf = (n) =>
      runs
        .map((r) =>
          r.length > 1
            ? `M${r.map((p) => `${p[0]} ${p[n]}`).join('L')}`
            : `M${r[0][0] - 2} ${r[0][n]}h4`,
        )
        .join('');
    return [
      s('path', { class: 'area', d: area }),
      s('path', { class: 'p95', d: lineOf(2) }),
      s('path', { class: 'p50', d: lineOf(1) }),
    ];
  }

  function cross() {
    const line = plot.querySelector('.cross');
    if (!line) return;
    line.setAttribute('visibility', at >= 0 ? 'visible' : 'hidden');
    const x = LEFT + (at + 0.5) * scale.w;
    line.setAttribute('x1', x);
    line.setAttribute('x2', x);
  }

  const point = (i) => {
    at = Math.max(-1, Math.min(buckets.length - 1, i));
    cross();
    describe();
  };
  const open = () => {
    if (at >= 0) pick?.(...bin(at));
  };
  const under = (event) =>
    Math.floor((event.clientX - plot.getBoundingClientRect().left - LEFT) / scale.w);
  plot.addEventListener('pointermove', (event) => {
    if (scale) point(Math.max(0, under(event)));
  });
  plot.addEventListener('pointerleave', (event) => {
    if (event.pointerType === 'mouse') point(-1);
  });
  plot.addEventListener('click', (event) => {
    if (scale && event.pointerType !== 'touch') {
      point(Math.max(0, under(event)));
      open();
    }
  });
  plot.addEventListener('blur', () => point(-1));
  plot.addEventListener('keydown', (event) => {
    const last = buckets.length - 1;
    const to = { ArrowLeft: (at < 0 ? last + 1 : at) - 1, ArrowRight: at + 1, Home: 0, End: last }[
      event.key
    ];
    if (event.key === 'Enter') open();
    else if (to !== undefined) {
      event.preventDefault();
      point(Math.max(0, to));
    }
  });
  function numbers() {
    put(
      rows,
      buckets
        .filter((b) => value(b))
        .reverse()
        .map((b) =>
          h(
            'tr',
            h('td', atDayMinute(b.start)),
            (kind === 'bars'
              ? [exact(b.completed), exact(b.failed)]
              : [duration(b[`${field}_p50`]), duration(b[`${field}_p95`])]
            ).map((t) => h('td.num', t)),
          ),
        ),
    );
  }
  details.addEventListener('toggle', () => {
    if (details.open) numbers();
  });
  const observer = new ResizeObserver(([entry]) => {
    const now = Math.floor(entry.contentRect.width);
    if (now !== width) {
      width = now;
      draw();
    }
  });
  observer.observe(el);
  return Object.assign(el, {
    show(next) {
      buckets = next;
      if (at >= next.length) at = -1;
      draw();
    },
  });
}

const legend = (kind) =>
  h(
    'span.legend',
    kind === 'bars'
      ? [h('span.k.good'), 'completed', h('span.k.failed'), 'failed']
      : [h('span.k.p50'), 'p50', h('span.k.p95'), 'p95'],
  );

/** A line without axes: how the last hour went. */
export function spark(points, label) {
  const max = Math.max(1, ...points);
  const d = points
    .map(
      (v, i) =>
        `${i ? 'L' : 'M'}${((i * 100) / Math.max(1, points.length - 1)).toFixed(1)} ${(23 - (21 * v) / max).toFixed(1)}`,
    )
    .join('');
  return s(
    'svg',
    {
      class: 'spark',
      viewBox: '0 0 100 24',
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': label,
    },
    s('path', { class: 'fill', d: `${d}L100 24L0 24z` }),
    s('path', { class: 'line', d, 'vector-effect': 'non-scaling-stroke' }),
  );
}
