// One of two films that are compared: the film of a job, or its shots one after the other.
import { h, local, put, setText } from '../dom.js';
import { exact, plural } from '../format.js';
import { shotName, sightOf, textOf } from '../job/shots.js';
import { clean } from '../text.js';

/** A shot of an unknown length stands for so many seconds. */
const SHOT_SECONDS = 3;

/** A film that runs may be off by this, in seconds, before it is moved; one that stands, less. */
const DRIFT = 0.3;
const EXACT = 0.02;

export class Film {
  /** `measured` is called when the length is known. The second film is silent. */
  constructor(measured, silent) {
    const props = { muted: silent, playsinline: true, preload: 'metadata' };
    this.video = h('video.player', props);
    this.video.muted = silent;
    this.video.onloadedmetadata = () => {
      this.video.currentTime = Math.min(this.wanted, this.video.duration);
      measured();
    };
    this.video.onerror = () => this.source && this.slate('This file cannot be played', '');
    this.screen = h('div.screen');
    this.label = h('p.small', ' ');
    this.el = h('div.film', this.screen, this.label);
    Object.assign(this, { shots: [], begins: [], film: null, source: null, wanted: 0, shown: '' });
  }

  /** `film` is the address of the whole film; null to show the shots. */
  show({ film, poster, name, shots }) {
    const changed = film !== this.film;
    Object.assign(this, { film, shots, shown: '' });
    if (changed) this.unload();
    if (film && poster) this.video.poster = local(poster);
    this.video.setAttribute('aria-label', name);
    let sum = 0;
    this.begins = shots.map(({ seconds }) => {
      const begin = sum;
      sum += seconds > 0 ? seconds : SHOT_SECONDS;
      return begin;
    });
    this.total = sum;
  }

  /** Seconds; zero while they are not known. */
  length() {
    const { duration } = this.video;
    if (this.film) return this.source && Number.isFinite(duration) ? duration : 0;
    return this.total;
  }

  /** Shows what is to be seen at a second; `runs` while time goes on. */
  at(time, runs) {
    if (this.film) {
      this.roll(this.film, time, runs);
      setText(this.label, `Film, ${plural(this.shots.length, 'shot')}`);
      return;
    }
    const last = Math.max(
      0,
      this.begins.findLastIndex((begin) => begin <= time + 0.001),
    );
    const shot = this.shots[last];
    if (!shot) {
      this.slate('There is nothing to see', 'The job has no film and no shots');
      return;
    }
    const number = `${shotName(last)} of ${exact(this.shots.length)}`;
    setText(this.label, `${number} ${clean(textOf(shot))}`);
    this.showShot(shot, last, time - this.begins[last], runs);
  }

  showShot(shot, at, time, runs) {
    const { clip, picture } = sightOf(shot);
    if (clip) this.roll(clip, time, runs);
    else if (picture) {
      const alt = `${shotName(at)}, first frame`;
      const onerror = ({ target }) =>
        target.parentNode && this.slate(`${shotName(at)} has no picture`, 'Its file is missing');
      this.put(picture, () => h('img.still', { src: picture, alt, onerror }));
    } else if (shot.elsewhere) this.slate(`${shotName(at)} was not made in this attempt`, '');
    else this.slate(`${shotName(at)} is not there`, textOf(shot));
  }

  /** Changes what is on the screen; a video that is not on it stops. */
  put(key, make) {
    if (this.shown === key) return;
    this.shown = key;
    const el = make();
    if (el !== this.video) this.unload();
    put(this.screen, el);
  }

  slate(title, text) {
    const make = () => h('div.slate', h('b', title), h('span.small', clean(text)));
    this.put(`${title} ${text}`, make);
  }

  roll(source, time, runs) {
    const { video } = this;
    const other = this.source !== source;
    if (other) {
      this.source = source;
      video.src = local(source);
    }
    this.wanted = time;
    if (other || this.shown !== source) this.put(source, () => video);
    if (video.readyState === 0 || video.error) return;
    const at = Math.min(time, video.duration);
    const over = at >= video.duration;
    if (!runs || over) video.pause();
    else if (video.paused) video.play().catch(() => {});
    if (Math.abs(video.currentTime - at) > (runs && !over ? DRIFT : EXACT)) video.currentTime = at;
  }

  unload() {
    if (!this.source) return;
    this.source = null;
    this.video.pause();
    this.video.removeAttribute('src');
    this.video.removeAttribute('poster');
    this.video.load();
  }

  close() {
    this.unload();
  }
}
