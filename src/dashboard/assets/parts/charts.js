// Charts over bins of time. Every value can be read with the keyboard, and as a table.
import { needStyles } from '../app/styles.js';
import { h, s, put } from './dom.js';
import { atDayMinute, atMinute, duration, exact } from './format.js';
import { shortDuration, ticks, timeLabel, timeStep, timeTicks } from './scales.js';

needStyles('charts', 'tables');

const HEIGHT = 168;
const TOP = 10;
const BOTTOM = 22;
const LEFT = 44;
const RIGHT = 8;
const BASE = HEIGHT - BOTTOM;

const hatch = (id) => {
  const size = { width: 5, height: 5 };
  const turned = { patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' };
  const ground = s('rect', { ...size, class: 'hatch-ground' });
  const line = s('rect', { ...size, width: 2.5, class: 'hatch' });
  return s('defs', null, s('pattern', { id, ...size, ...turned }, ground, line));
};

/** Completed and failed jobs, one bar a bin. */
const BARS = {
  columns: ['Completed', 'Failed'],
  legend: () => [h('span.k.good'), 'completed', h('span.k.failed'), 'failed'],
  format: exact,
  value: (bin) => bin.completed + bin.failed,
  values: (bin) => [exact(bin.completed), exact(bin.failed)],
  text: (bin) => `${exact(bin.completed)} completed, ${exact(bin.failed)} failed`,
  summary(bins) {
    const sum = (name) => exact(bins.reduce((all, bin) => all + bin[name], 0));
    return `${sum('completed')} completed, ${sum('failed')} failed in all`;
  },
  /** The last bin has not ended, and is drawn as such. */
  draw(bins, { width, y, id }) {
    const gap = width > 4 ? 1 : 0.3;
    const wide = (width - 2 * gap).toFixed(1);
    const rect = (i, from, to) => {
      const [x, low, high] = [LEFT + i * width + gap, y(from), y(to)].map((n) => n.toFixed(1));
      return from === to ? '' : `M${x} ${low}V${high}h${wide}V${low}z`;
    };
    const good = bins.map((bin, i) => rect(i, 0, bin.completed));
    const bad = bins.map((bin, i) => rect(i, bin.completed, bin.completed + bin.failed));
    const fill = `url(#${id})`;
    return [
      hatch(id),
      s('path', { class: 'good', d: good.slice(0, -1).join('') }),
      s('path', { class: 'failed', fill, d: bad.slice(0, -1).join('') }),
      s('path', { class: 'good now', d: good.at(-1) }),
      s('path', { class: 'failed now', fill, d: bad.at(-1) }),
    ];
  },
};

/** Stretches of bins that have a value: in between the line has gaps. */
function stretches(bins, point) {
  const all = [];
  let open = null;
  bins.forEach((bin, i) => {
    const at = point(bin, i);
    if (!at) open = null;
    else if (open) open.push(at);
    else all.push((open = [at]));
  });
  return all;
}

const polyline = (points) => points.map((point) => point.join(' ')).join('L');

/** The median and the 95th percentile of a duration, as a band. */
const band = (field) => {
  const [low, high] = [`${field}_p50`, `${field}_p95`];
  const values = (bin) => [duration(bin[low]), duration(bin[high])];
  const value = (bin) => bin[high];
  return {
    columns: ['p50', 'p95'],
    legend: () => [h('span.k.p50'), 'p50', h('span.k.p95'), 'p95'],
    format: shortDuration,
    time: true,
    value,
    values,
    text: (bin) => (bin[low] === null ? 'none' : `p50 ${values(bin)[0]}, p95 ${values(bin)[1]}`),
    summary(bins) {
      const seen = bins.map(value).filter((n) => n !== null);
      return seen.length
        ? `Longest p95: ${duration(Math.max(...seen))}`
        : 'None ended in this time.';
    },
    draw(bins, { width, y }) {
      const x = (i) => (LEFT + (i + 0.5) * width).toFixed(1);
      const points = (name) =>
        stretches(bins, (bin, i) => bin[low] !== null && [x(i), y(bin[name]).toFixed(1)]);
      const [lows, highs] = [points(low), points(high)];
      const line = (all) =>
        all
          .map((r) => (r.length > 1 ? `M${polyline(r)}` : `M${r[0][0] - 2} ${r[0][1]}h4`))
          .join('');
      const area = highs.map((top, i) =>
        top.length > 1 ? `M${polyline(top)}L${polyline(lows[i].toReversed())}z` : '',
      );
      return [
        s('path', { class: 'area', d: area.join('') }),
        s('path', { class: 'p95', d: line(highs) }),
        s('path', { class: 'p50', d: line(lows) }),
      ];
    },
  };
};

let count = 0;

class Chart {
  constructor({ title, unit, kind, field, pick }) {
    Object.assign(this, { title, unit, pick, bins: [], width: 0, at: -1, step: 0 });
    this.id = `hatch-${++count}`;
    this.kind = kind === 'bars' ? BARS : band(field);
    this.plot = s('svg', { class: 'plot', tabindex: 0, role: 'img', height: HEIGHT });
    this.values = h('p.values', { 'aria-live': 'polite' });
    this.rows = h('tbody');
    this.details = this.table();
    const name = h('h3', title, h('span.unit', ` ${unit}`));
    this.el = h(
      'figure',
      { class: `chart ${kind}` },
      h('figcaption', name, h('span.legend', this.kind.legend())),
      this.plot,
      this.values,
      this.details,
    );
    this.listen();
  }

  table() {
    const column = (text) => h('th', { scope: 'col', class: 'num' }, text);
    const top = h('tr', h('th', { scope: 'col' }, 'From'), this.kind.columns.map(column));
    const label = { 'aria-label': `${this.title}, numbers` };
    const table = h('table.data.dense', label, h('thead', top), this.rows);
    return h('details.numbers', h('summary', 'Numbers'), h('div.scroller', table));
  }

  listen() {
    const { plot, details } = this;
    plot.addEventListener('pointermove', (event) => this.step && this.point(this.under(event)));
    plot.addEventListener('pointerleave', ({ pointerType }) => {
      if (pointerType === 'mouse') this.point(-1);
    });
    plot.addEventListener('click', (event) => {
      if (!this.step || event.pointerType === 'touch') return;
      this.point(this.under(event));
      this.open();
    });
    plot.addEventListener('blur', () => this.point(-1));
    plot.addEventListener('keydown', (event) => this.key(event));
    details.addEventListener('toggle', () => details.open && this.showRows());
    new ResizeObserver(([{ contentRect }]) => {
      const width = Math.floor(contentRect.width);
      if (width === this.width) return;
      this.width = width;
      this.draw();
    }).observe(this.el);
  }

  key(event) {
    const last = this.bins.length - 1;
    const left = (this.at < 0 ? last + 1 : this.at) - 1;
    const places = { ArrowLeft: left, ArrowRight: this.at + 1, Home: 0, End: last };
    const to = places[event.key];
    if (event.key === 'Enter') this.open();
    else if (to !== undefined) {
      event.preventDefault();
      this.point(Math.max(0, to));
    }
  }

  /** Start and end of a bin, in milliseconds. */
  range(i) {
    const from = Date.parse(this.bins[i].start);
    return [from, from + this.step];
  }

  /** The bin under the pointer. */
  under(event) {
    const x = event.clientX - this.plot.getBoundingClientRect().left - LEFT;
    return Math.max(0, Math.floor(x / this.binWidth));
  }

  point(i) {
    this.at = Math.max(-1, Math.min(this.bins.length - 1, i));
    this.showCross();
    this.describe();
  }

  open() {
    if (this.at >= 0) this.pick?.(...this.range(this.at));
  }

  describe() {
    const bin = this.bins[this.at];
    if (!bin) {
      put(this.values, this.kind.summary(this.bins));
      return;
    }
    const [from, to] = this.range(this.at);
    const running = this.at === this.bins.length - 1 ? ', still running' : '';
    const start = this.step >= 3600000 ? atDayMinute(from) : atMinute(from);
    const text = ` · ${this.kind.text(bin)} · click for the jobs created then`;
    put(this.values, h('b', `${start}–${atMinute(to)}${running}`), text);
  }

  show(bins) {
    this.bins = bins;
    if (this.at >= bins.length) this.at = -1;
    this.draw();
  }

  draw() {
    const { bins, plot, kind, width } = this;
    if (!width || !bins.length) return;
    const start = Date.parse(bins[0].start);
    this.step = bins.length > 1 ? Date.parse(bins[1].start) - start : 60000;
    this.binWidth = (width - LEFT - RIGHT) / bins.length;
    const marks = ticks(Math.max(0, ...bins.map((bin) => kind.value(bin) ?? 0)), kind.time);
    const y = (v) => TOP + (BASE - TOP) * (1 - v / marks.at(-1));
    plot.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    plot.setAttribute('width', width);
    const keys = 'Use the arrow keys to read the values, Enter for the jobs created then.';
    plot.setAttribute('aria-label', `${this.title}, ${this.unit}. ${keys}`);
    put(
      plot,
      marks.map((v) => this.valueMark(v, y(v))),
      this.timeMarks(start),
      kind.draw(bins, { width: this.binWidth, y, id: this.id }),
      s('line', { class: 'cross', y1: TOP, y2: BASE, x1: 0, x2: 0, visibility: 'hidden' }),
    );
    this.showCross();
    this.describe();
    if (this.details.open) this.showRows();
  }

  valueMark(v, y) {
    const line = { x1: LEFT, x2: this.width - RIGHT, y1: y, y2: y };
    return [
      s('line', { ...line, class: v === 0 ? 'axis' : 'grid' }),
      s('text', { x: LEFT - 6, y: y + 4, class: 'y' }, this.kind.format(v)),
    ];
  }

  timeMarks(start) {
    const wide = this.width > 300;
    const step = timeStep(this.step, wide);
    const end = start + this.step * this.bins.length;
    const mark = (time) => {
      const x = LEFT + ((time.getTime() - start) / this.step) * this.binWidth;
      if (x <= LEFT + 6 || x >= this.width - 14) return null;
      return [
        s('line', { x1: x, x2: x, y1: BASE, y2: BASE + 4, class: 'axis' }),
        s('text', { x, y: HEIGHT - 5, class: 'x' }, timeLabel(time, step, wide)),
      ];
    };
    return timeTicks(start, end, step).map(mark);
  }

  showCross() {
    const line = this.plot.querySelector('.cross');
    if (!line) return;
    const x = LEFT + (this.at + 0.5) * this.binWidth;
    line.setAttribute('visibility', this.at >= 0 ? 'visible' : 'hidden');
    line.setAttribute('x1', x);
    line.setAttribute('x2', x);
  }

  showRows() {
    const cells = (bin) => this.kind.values(bin).map((text) => h('td.num', text));
    const row = (bin) => h('tr', h('td', atDayMinute(bin.start)), cells(bin));
    const seen = this.bins.filter((bin) => this.kind.value(bin));
    put(this.rows, seen.reverse().map(row));
  }
}

/**
 * A chart of `kind` `bars` (fields `completed` and `failed`) or `band` (fields `${field}_p50` and
 * `${field}_p95`). `pick(from, to)` opens the jobs of a bin. It has `show(bins)`.
 */
export function chart(options) {
  const made = new Chart(options);
  return Object.assign(made.el, { show: (bins) => made.show(bins) });
}
