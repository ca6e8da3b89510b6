// The player of a job: its film, or its clips one after the other, with a timeline of its shots.
import { h, put, setText, steady } from '../dom.js';
import { plural } from '../format.js';
import { icon } from '../icons.js';
import { WORDS, ink } from '../status.js';
import { clean } from '../text.js';
import { play, seek, unload, video } from '../video.js';
import { runsOf, shotName, sightOf, textOf } from './shots.js';

/** Milliseconds for which a picture and a slate stand. */
const PICTURE_MS = 1500;
const SLATE_MS = 1200;

/** More cells than this are drawn as runs of one status. */
const MAX_CELLS = 400;

const nothing = (shot) => !sightOf(shot).clip && !sightOf(shot).picture;

/** The cells of the timeline: `{status, from, n, gap}`. */
function cellsOf(shots) {
  const gap = (cell) => ({ ...cell, gap: nothing(shots[cell.from]) });
  if (shots.length > MAX_CELLS) return runsOf(shots).slice(0, 2000).map(gap);
  return shots.map(({ status }, from) => gap({ status, from, n: 1 }));
}

/** Begin of each shot in a film of `length` seconds: by their lengths if all are known. */
function begins(shots, length) {
  const known = shots.every((shot) => shot.seconds > 0);
  const lengths = shots.map((shot) => (known ? shot.seconds : 1));
  const all = lengths.reduce((a, b) => a + b, 0);
  let sum = 0;
  return lengths.map((one) => {
    const begin = (sum * length) / all;
    sum += one;
    return begin;
  });
}

export class Player {
  /** `pick(at)` is called when a shot is selected in the timeline. */
  constructor(pick) {
    Object.assign(this, { pick, shots: [], film: null, at: null, running: false, timer: 0 });
    this.screen = h('div.screen', { hidden: true });
    this.label = h('span.small.now-playing', { 'aria-live': 'off' });
    const run = { onclick: () => this.toggle() };
    this.button = h('button.button', run, icon('play', 16), h('span', 'Play what is there'));
    this.head = h('span.playhead', { hidden: true });
    this.cells = h('div.cells');
    const slider = { role: 'slider', tabindex: 0, 'aria-label': 'Timeline of shots' };
    const events = { onclick: (event) => this.goTo(event), onkeydown: (event) => this.key(event) };
    const range = { 'aria-valuemin': 1, 'aria-valuenow': 1 };
    this.reel = h('div.reel', { ...slider, ...range, ...events }, this.cells, this.head);
    const line = h('div.player-line', this.button, this.label);
    this.el = h('div.film', this.screen, this.reel, line);
    this.onTime = () => this.follow();
  }

  /** `film`: the address of the finished film, or null; `poster` is shown before it plays. */
  show({ film, poster, label, shots }) {
    const another = film !== this.film;
    Object.assign(this, { film, poster, name: label, shots });
    this.reel.hidden = shots.length < 2;
    this.button.hidden = Boolean(film) || shots.every(nothing);
    this.reel.setAttribute('aria-valuemax', String(Math.max(1, shots.length)));
    const cells = cellsOf(shots);
    steady(this.cells, cells, () => this.paintCells(cells));
    if (another) {
      this.stop();
      if (film) this.playFilm();
      else this.clear();
    }
    this.mark();
    this.el.hidden = this.reel.hidden && this.button.hidden && this.screen.hidden;
  }

  paintCells(cells) {
    const cell = ({ status, n, gap, from }) =>
      h('span', {
        class: `i-${ink(status)} ${gap ? 'gap' : ''}`,
        title: `${shotName(from)}${n > 1 ? `–${from + n}` : ''}: ${WORDS[status] ?? status}`,
        style: { 'flex-grow': String(n) },
      });
    put(this.cells, cells.map(cell));
  }

  playFilm() {
    this.screen.hidden = false;
    this.inFilm = true;
    play(this.screen, this.film, this.poster, this.name);
    video.ontimeupdate = this.onTime;
    video.onended = null;
  }

  clear() {
    this.inFilm = false;
    unload();
    put(this.screen);
    this.screen.hidden = true;
  }

  /** The film shows another shot. */
  follow() {
    if (!this.inFilm || !this.shots.length || !Number.isFinite(video.duration)) return;
    const begin = begins(this.shots, video.duration);
    const at = begin.findLastIndex((time) => time <= video.currentTime + 0.05);
    this.head.style.setProperty('left', `${(100 * video.currentTime) / video.duration}%`);
    this.head.hidden = false;
    setText(this.label, `${shotName(at)} of ${plural(this.shots.length, 'shot')}`);
  }

  /** Shows one shot: its place in the film, its clip, picture, or a slate. */
  select(at) {
    this.stop();
    this.at = at;
    this.mark();
    if (this.film) {
      if (!this.inFilm) this.playFilm();
      seek((length) => begins(this.shots, length)[at] + 0.01);
    } else this.showShot(at, false);
  }

  mark() {
    const { at, shots } = this;
    const shot = shots[at];
    this.reel.setAttribute('aria-valuenow', String((at ?? 0) + 1));
    const text = shot ? `${shotName(at)}, ${WORDS[shot.status] ?? shot.status}` : 'No shot';
    this.reel.setAttribute('aria-valuetext', text);
    if (this.inFilm) return;
    this.head.hidden = !shot;
    this.head.style.setProperty(
      'left',
      `${(100 * ((at ?? 0) + 0.5)) / Math.max(1, shots.length)}%`,
    );
  }

  /** Calls `next`, if given, when the shot, or a gap of `n` shots, was seen. */
  showShot(at, next, n = 1) {
    const shot = this.shots[at];
    const { clip, picture } = sightOf(shot);
    this.inFilm = false;
    this.screen.hidden = false;
    this.el.hidden = false;
    setText(this.label, next ? `Playing ${shotName(at).toLowerCase()}` : shotName(at));
    const later = (ms) => {
      if (next) this.timer = setTimeout(next, ms);
    };
    if (clip) {
      play(this.screen, clip, picture, `Clip of ${shotName(at)}`, () => later(SLATE_MS));
      video.onended = next || null;
      video.ontimeupdate = null;
      if (next) this.start();
      return;
    }
    unload();
    if (picture) {
      const alt = `${shotName(at)}, first frame`;
      // Another shot may be shown by then.
      const onerror = ({ target }) =>
        target.parentNode &&
        put(this.screen, this.slate(at, 'has no picture: its file is missing', ''));
      put(this.screen, h('img.still', { src: picture, alt, onerror }));
      later(PICTURE_MS);
    } else {
      put(this.screen, this.slateOf(at, n));
      later(SLATE_MS);
    }
  }

  slate(at, word, text, n = 1) {
    const name = n > 1 ? `Shots ${at + 1}–${at + n}` : shotName(at);
    return h('div.slate', h('b', `${name} ${word}`), h('span.small', clean(text)));
  }

  /** Slate of a gap of `n` shots. */
  slateOf(at, n) {
    const all = this.shots.slice(at, at + n);
    const failed = all.every((shot) => shot.status === 'failed');
    const done = n === 1 && all[0].status === 'completed';
    const word = done ? 'has no picture here' : n > 1 ? 'are not there' : 'is not there yet';
    return this.slate(at, failed ? 'failed' : word, n > 1 ? '' : textOf(all[0]), n);
  }

  /** Plays, without sound if the browser wants a gesture first. */
  start() {
    video.play().catch(({ name }) => {
      if (name !== 'NotAllowedError' || video.muted) return;
      video.muted = true;
      video.play().catch(() => {});
    });
  }

  toggle() {
    if (this.running) this.stop();
    else this.playFrom(0);
  }

  playFrom(first) {
    this.stop();
    this.running = true;
    setText(this.button.lastChild, 'Stop');
    const step = (at) => {
      if (at >= this.shots.length) {
        this.stop();
        setText(this.label, `Played ${plural(this.shots.length, 'shot')}`);
        return;
      }
      this.at = at;
      this.mark();
      this.pick(at, { playing: true });
      let next = at + 1;
      while (nothing(this.shots[at]) && next < this.shots.length && nothing(this.shots[next])) {
        next += 1;
      }
      this.showShot(at, () => step(next), next - at);
    };
    step(first);
  }

  stop() {
    clearTimeout(this.timer);
    if (this.running) {
      video.pause();
      video.onended = null;
    }
    this.running = false;
    setText(this.button.lastChild, 'Play what is there');
  }

  /** Space: pauses or goes on with what is on the screen. */
  playOrPause() {
    if (!video.isConnected) this.playFrom(this.at ?? 0);
    else if (video.paused) this.start();
    else video.pause();
  }

  async enlarge() {
    if (this.screen.hidden) return;
    if (document.fullscreenElement) await document.exitFullscreen();
    else await this.screen.requestFullscreen?.().catch(() => {});
  }

  goTo(event) {
    const box = this.reel.getBoundingClientRect();
    const part = (event.clientX - box.left) / box.width;
    const { length } = this.shots;
    if (length) this.pick(Math.min(length - 1, Math.max(0, Math.floor(part * length))));
  }

  key(event) {
    const { at, shots } = this;
    const last = shots.length - 1;
    const to = {
      ArrowRight: Math.min(last, (at ?? -1) + 1),
      ArrowLeft: Math.max(0, (at ?? 1) - 1),
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.pick(to);
  }

  close() {
    this.stop();
    video.ontimeupdate = null;
    video.onended = null;
    unload();
  }
}
