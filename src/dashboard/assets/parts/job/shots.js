// The shots of a job as a wall of pictures.
import { mediaUrl } from '../../app/api.js';
import { h, keyed, put, setText, steady } from '../dom.js';
import { exact, plural } from '../format.js';
import { icon } from '../icons.js';
import { showPicture, still } from '../picture.js';
import { ink, plainBadge, shape } from '../status.js';
import { user } from '../text.js';
import { choice } from '../ui.js';

/** Tiles of a page: browsers ask for pictures long before they are in sight. */
const PAGE = 40;

const FRAMES = ['first_frame_path', 'last_frame_path'];

/** Addresses of the first and the last frame, as far as this server has them. */
export const frames = (shot) => FRAMES.map((field) => still(shot[field])).filter(Boolean);

/** `{picture, clip}` of a shot: what of it can be seen on this server. */
export const sightOf = (shot) => ({
  picture: frames(shot)[0] ?? still(shot.poster_path),
  clip: mediaUrl(shot.video_path),
});

export const newestFrame = (shots) => shots.flatMap(frames).at(-1) ?? null;

/** Shots are counted from 1 through the whole film. */
export const shotName = (at) => `Shot ${exact(at + 1)}`;

export const textOf = (shot) =>
  shot.error || shot.description || shot.visual_desc || shot.motion_desc || '';

/** Whether nothing can be seen of the shot, as whole numbers of each kind are counted. */
const SHOWN = {
  all: () => true,
  failed: (shot) => shot.status === 'failed',
  missing: (shot) => shot.status !== 'completed',
};

/** Runs of neighbours of one status: `{status, from, n}`. */
export function runsOf(shots) {
  const runs = [];
  shots.forEach(({ status }, from) => {
    if (runs.at(-1)?.status === status) runs.at(-1).n += 1;
    else runs.push({ status, from, n: 1 });
  });
  return runs;
}

function tile(at, pick) {
  const picture = h('span.frame');
  const clip = h('span.has-clip', { hidden: true }, icon('play', 14));
  const number = h('b', String(at + 1));
  const badge = h('span.tile-status');
  const label = h('span.tile-text');
  const line = h('span.tile-line', h('span.hidden', 'Shot '), number, badge);
  const onclick = () => pick(at);
  const button = h('button.shot', { onclick }, h('span.sight', picture, clip), line, label);
  return Object.assign(button, { at, picture, clip, badge, label });
}

function updateTile(el, shot, selected) {
  const { status } = shot;
  const sight = sightOf(shot);
  const text = textOf(shot);
  if (selected) el.setAttribute('aria-current', 'true');
  else el.removeAttribute('aria-current');
  el.className = `shot i-${ink(status)}`;
  el.clip.hidden = !sight.clip;
  steady(el.badge, status, () => put(el.badge, plainBadge(status)));
  steady(el.label, text, () => put(el.label, user(text)));
  const blank = () => h('span.blank', shape(status, 24));
  steady(el.picture, [sight, status], () => showPicture(el.picture, sight, blank));
}

class Wall {
  constructor(pick, keys) {
    Object.assign(this, { pick, shots: [], page: 0, shown: 'all', selected: null, ended: true });
    this.grid = h('div.shots', { onkeydown: keys });
    this.counts = h('span.small');
    this.filters = h('div');
    this.pager = h('div.pages-row', { hidden: true });
    const top = h('header', h('h2', 'Shots'), this.counts, this.filters);
    this.el = h('section.panel', { 'aria-label': 'Shots' }, top, this.grid, this.pager);
  }

  turn(page) {
    this.page = page;
    this.paint();
  }

  show(shots, selected) {
    Object.assign(this, { shots, selected });
    this.paint();
  }

  /** Shows the shots, and turns to the selected one if its page is not shown. */
  follow(shots, selected) {
    this.show(shots, selected);
    if (!this.grid.kept?.has(selected)) this.reveal(selected);
  }

  /** Shows the tile of a shot, on whatever page it is. */
  reveal(at) {
    const listed = this.listed();
    let place = listed.findIndex((one) => one.at === at);
    if (place < 0) {
      this.shown = 'all';
      place = at;
    }
    this.turn(Math.floor(place / PAGE));
    return this.grid.kept?.get(at);
  }

  listed() {
    const all = this.shots.map((shot, at) => ({ shot, at }));
    return all.filter(({ shot }) => SHOWN[this.shown](shot));
  }

  paint() {
    const { shots } = this;
    const number = (name) => shots.filter(SHOWN[name]).length;
    const [bad, missing] = [number('failed'), number('missing')];
    const done = `${exact(shots.length - missing)} of ${exact(shots.length)} done`;
    setText(this.counts, done);
    if (!number(this.shown)) this.shown = 'all';
    this.paintFilters(bad, missing);
    this.paintPage(this.listed());
  }

  paintFilters(bad, missing) {
    const options = [
      ['all', 'All'],
      bad > 0 && ['failed', `${exact(bad)} failed`],
      missing > bad && ['missing', `${exact(missing)} ${this.ended ? 'missing' : 'to come'}`],
    ].filter(Boolean);
    const pick = (name) => {
      this.shown = name;
      this.turn(0);
    };
    steady(this.filters, [options, this.shown], () =>
      put(this.filters, options.length > 1 && choice('Shown shots', options, this.shown, pick)),
    );
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
      ({ at }) => tile(at, this.pick),
      (el, { shot, at }) => updateTile(el, shot, at === this.selected),
    );
    this.pager.hidden = pages === 1;
    if (pages > 1) this.paintPager(from, to, listed.length, pages);
  }

  paintPager(from, to, length, pages) {
    const { page } = this;
    const back = { disabled: page === 0, onclick: () => this.turn(page - 1) };
    const next = { disabled: page === pages - 1, onclick: () => this.turn(page + 1) };
    steady(this.pager, [from, to, length], () =>
      put(
        this.pager,
        h('span.small', `${from + 1}–${to} of ${plural(length, 'shot')}`),
        h(
          'span.row',
          h('button.button', back, icon('back', 16), 'Previous'),
          h('button.button', next, 'Next', icon('next', 16)),
        ),
      ),
    );
  }
}

/** `pick(at)` selects a shot; `keys` gets the keys that are pressed on a tile. */
export const shotWall = (pick, keys) => new Wall(pick, keys);
