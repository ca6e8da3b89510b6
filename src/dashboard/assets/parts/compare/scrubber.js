// One timeline for two films: both show the same second.
import { h, setText } from '../dom.js';
import { duration } from '../format.js';
import { icon } from '../icons.js';

export class Scrubber {
  constructor(films) {
    Object.assign(this, { films, time: 0, running: false, frame: 0 });
    const run = { onclick: () => (this.running ? this.stop() : this.start()) };
    this.button = h('button.button', run, icon('play', 16), h('span', 'Play both'));
    const move = {
      oninput: ({ target }) => {
        this.stop();
        this.goTo(Number(target.value));
      },
    };
    const range = { type: 'range', min: 0, max: 0, step: 0.1, 'aria-label': 'Second of both' };
    this.slider = h('input.scrubber', { ...range, ...move });
    this.clock = h('span.small');
    this.el = h('div.scrub-line', this.button, this.slider, this.clock);
  }

  length() {
    return Math.max(...this.films.map((film) => film.length()));
  }

  /** Shows the films at the time that is set, after one of them has changed. */
  refresh() {
    this.goTo(Math.min(this.time, this.length() || this.time));
  }

  goTo(time) {
    const length = this.length();
    this.time = time;
    this.slider.max = String(length);
    this.slider.value = String(time);
    const text = `${duration(Math.round(time * 10) / 10)} of ${duration(Math.round(length))}`;
    this.slider.setAttribute('aria-valuetext', text);
    setText(this.clock, text);
    for (const film of this.films) film.at(time, this.running);
  }

  start() {
    const from = this.time >= this.length() - 0.05 ? 0 : this.time;
    const begun = performance.now();
    this.running = true;
    setText(this.button.lastChild, 'Stop');
    const step = () => {
      const time = from + (performance.now() - begun) / 1000;
      if (time >= this.length()) {
        this.stop();
        this.goTo(this.length());
        return;
      }
      this.goTo(time);
      this.frame = requestAnimationFrame(step);
    };
    step();
  }

  stop() {
    cancelAnimationFrame(this.frame);
    if (!this.running) return;
    this.running = false;
    setText(this.button.lastChild, 'Play both');
    this.goTo(this.time);
  }

  close() {
    cancelAnimationFrame(this.frame);
    for (const film of this.films) film.close();
  }
}
