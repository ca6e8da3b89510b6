// The shots of a job, as tiles.
import { isVideo, mediaUrl } from '../app/api.js';
import { h, keyed, put, setText, steady } from './dom.js';
import { exact } from './format.js';
import { icon } from './icons.js';
import { WORDS, ink, plainBadge, shape } from './status.js';
import { user } from './text.js';

const PAGE = 60;

/** Addresses of the first and the last frame, as far as this server has them. */
export const frames = (shot) =>
  [shot.first_frame_path, shot.last_frame_path].map(mediaUrl).filter((url) => url && !isVideo(url));

export const newestFrame = (shots) => shots.flatMap(frames).at(-1) ?? null;

export function shotName(shot) {
  const scene = (shot.scene_idx ?? null) === null ? '' : `Scene ${shot.scene_idx} · `;
  return `${scene}Shot ${shot.shot_idx}`;
}

const text = (shot) => shot.error || shot.description || shot.visual_desc || shot.motion_desc || '';

function tile(at, open) {
  const picture = h('div.frame');
  const number = h('b');
  const badge = h('span.tile-status');
  const label = h('span.tile-text');
  const line = h('span.tile-line', number, badge);
  const button = h('button.shot', { onclick: () => open(at) }, picture, line, label);
  return Object.assign(button, { picture, number, badge, label });
}

function paintPicture(el, url, clip, status) {
  const blank = () => h('span.blank', shape(status, 24));
  const size = { width: 192, height: 108, loading: 'lazy', decoding: 'async' };
  const onerror = ({ target }) => target.replaceWith(blank());
  const picture = url ? h('img', { src: url, alt: '', ...size, onerror }) : blank();
  put(el, picture, clip && h('span.has-clip', icon('play', 14)));
}

function updateTile(el, shot) {
  const { status } = shot;
  const url = frames(shot)[0] ?? null;
  const clip = mediaUrl(shot.video_path);
  el.setAttribute('aria-label', `${shotName(shot)}, ${WORDS[status] ?? status}`);
  el.className = `shot i-${ink(status)}`;
  setText(el.number, String(shot.shot_idx));
  steady(el.badge, status, () => put(el.badge, plainBadge(status)));
  steady(el.label, text(shot), () => put(el.label, user(text(shot))));
  steady(el.picture, [url, clip, status], () => paintPicture(el.picture, url, clip, status));
}

/** Neighbours of one colour as one cell: `{tone, n}`. */
function cellsOf(shots) {
  const cells = [];
  for (const tone of shots.map((shot) => ink(shot.status))) {
    if (cells.at(-1)?.tone === tone) cells.at(-1).n += 1;
    else cells.push({ tone, n: 1 });
  }
  return cells;
}

class ShotGrid {
  constructor(open) {
    Object.assign(this, { open, shots: [], page: 0 });
    this.grid = h('div.shots');
    const label = { role: 'img', 'aria-label': 'Map of all shots' };
    this.strip = h('div.strip', { ...label, onclick: (event) => this.goTo(event) });
    this.counts = h('span.small');
    this.onlyFailed = h('input', { type: 'checkbox', onchange: () => this.turn(0) });
    this.only = h('label.check', { hidden: true }, this.onlyFailed, 'Failed only');
    this.pager = h('div.pages-row', { hidden: true });
    this.el = h(
      'section.panel',
      { 'aria-label': 'Shots' },
      h('header', h('h2', 'Shots'), this.counts, this.only),
      this.strip,
      this.grid,
      this.pager,
    );
  }

  turn(page) {
    this.page = page;
    this.paint();
  }

  paint() {
    const { shots } = this;
    const number = (status) => shots.filter((shot) => shot.status === status).length;
    const bad = number('failed');
    const done = `${exact(number('completed'))} of ${exact(shots.length)} done`;
    setText(this.counts, bad ? `${done}, ${exact(bad)} failed` : done);
    this.only.hidden = bad === 0;
    if (!bad) this.onlyFailed.checked = false;
    const all = shots.map((shot, at) => ({ shot, at }));
    const listed = this.onlyFailed.checked
      ? all.filter(({ shot }) => shot.status === 'failed')
      : all;
    this.paintPage(listed);
    this.strip.hidden = shots.length <= PAGE;
    if (shots.length > PAGE) this.paintStrip();
  }

  paintPage(listed) {
    const pages = Math.max(1, Math.ceil(listed.length / PAGE));
    this.page = Math.min(this.page, pages - 1);
    const { page } = this;
    const [from, to] = [page * PAGE, Math.min(listed.length, (page + 1) * PAGE)];
    keyed(
      this.grid,
      listed.slice(from, to),
      ({ at }) => at,
      ({ at }) => tile(at, this.open),
      (el, { shot }) => updateTile(el, shot),
    );
    this.pager.hidden = pages === 1;
    const back = { disabled: page === 0, onclick: () => this.turn(page - 1) };
    const next = { disabled: page === pages - 1, onclick: () => this.turn(page + 1) };
    put(
      this.pager,
      h('span.small', `${from + 1}–${to} of ${exact(listed.length)}`),
      h(
        'span.row',
        h('button.button', back, icon('back', 16), 'Back'),
        h('button.button', next, 'Next', icon('next', 16)),
      ),
    );
  }

  /** All shots as one line of cells, in which the failed ones stand out. */
  paintStrip() {
    const cells = cellsOf(this.shots);
    const cell = ({ tone, n }) =>
      h('span', { class: `i-${tone}`, style: { 'flex-grow': String(n) } });
    steady(this.strip, cells, () => put(this.strip, cells.map(cell)));
  }

  /** Turns to the page of the place that was clicked. */
  goTo(event) {
    const box = this.strip.getBoundingClientRect();
    const shot = (this.shots.length * (event.clientX - box.left)) / box.width;
    this.onlyFailed.checked = false;
    this.turn(Math.floor(shot / PAGE));
  }
}

/** A panel of tiles with `show(shots)`; `open(at)` opens a shot. */
export function shotGrid({ open }) {
  const made = new ShotGrid(open);
  const show = (shots) => {
    made.shots = shots;
    made.paint();
  };
  return Object.assign(made.el, { show });
}
