// Two jobs, or two attempts of one, side by side: their films on one timeline, and their inputs.
import { Again } from '../app/again.js';
import { query } from '../app/api.js';
import { follow } from '../app/live.js';
import { go, setTitle } from '../app/router.js';
import { Chooser } from '../parts/compare/chooser.js';
import { Differences } from '../parts/compare/differences.js';
import { Scrubber } from '../parts/compare/scrubber.js';
import { Side } from '../parts/compare/side.js';
import { h, put, throttleQuietly } from '../parts/dom.js';
import { jobName } from '../parts/text.js';
import { head, problemBox } from '../parts/ui.js';

/** Attempts are counted from 1. */
const numberOf = (text) => (/^[1-9]\d{0,8}$/.test(text ?? '') ? Number(text) : null);

class ComparePage {
  constructor(root, { search, signal, alive }) {
    Object.assign(this, { signal, alive, turn: 0 });
    setTitle('Compare');
    this.sides = ['a', 'b'].map((name) => {
      const pick = (attempt) => this.change({ [`${name}_attempt`]: attempt });
      return new Side(name.toUpperCase(), () => this.scrubber.refresh(), pick);
    });
    this.scrubber = new Scrubber(this.sides.map(({ film }) => film));
    this.differences = new Differences();
    this.chooser = new Chooser((id) => this.change(this.choice.a ? { b: id } : { a: id }), signal);
    this.build(root);
    this.soon = throttleQuietly(() => this.load(), 2000);
    this.stream = follow('/events/stream', {
      changes: (events) => this.isShown(events) && this.soon(),
      reset: () => this.soon(),
      poll: () => this.load(),
    });
    this.again = new Again(() => this.begin(), signal);
    this.update(search);
  }

  build(root) {
    const swap = { onclick: () => this.swap(), hidden: true };
    this.swapButton = h('button.button', swap, 'Swap sides');
    this.trouble = h('div');
    const films = h('div.two-films', this.sides[0].el, this.sides[1].el);
    this.both = h('div.both', { hidden: true }, films, this.scrubber.el, this.differences.el);
    put(root, head('Compare', null, this.swapButton), this.trouble, this.chooser.el, this.both);
  }

  isShown(events) {
    return events.some(({ job_id: id }) => id === this.choice.a || id === this.choice.b);
  }

  /** What is compared is in the URL. */
  update(search) {
    const [a, b] = [search.get('a'), search.get('b')];
    const [first, second] = ['a_attempt', 'b_attempt'].map((name) => numberOf(search.get(name)));
    this.choice = { a, b, a_attempt: first, b_attempt: second };
    this.begin();
  }

  change(changes) {
    go(`/compare${query({ ...this.choice, ...changes })}`);
  }

  swap() {
    const { a, b, a_attempt: first, b_attempt: second } = this.choice;
    this.change({ a: b, b: a, a_attempt: second, b_attempt: first });
  }

  async begin() {
    try {
      await this.load();
      put(this.trouble);
      this.again.succeeded();
    } catch (error) {
      if (error.name === 'AbortError') return;
      this.again.failed(error);
      this.both.hidden = true;
      this.swapButton.hidden = true;
      put(
        this.trouble,
        problemBox(error, () => this.begin()),
      );
      if (error.status === 404) await this.chooser.show(null);
    }
  }

  async load() {
    const { a, b, a_attempt: first, b_attempt: second } = this.choice;
    const mine = ++this.turn;
    const [left, right] = this.sides;
    const loads = [a && left.load(a, first, this.signal), b && right.load(b, second, this.signal)];
    await Promise.all(loads);
    if (mine !== this.turn || !this.alive()) return;
    this.both.hidden = !(a && b);
    this.swapButton.hidden = this.both.hidden;
    this.chooser.el.hidden = Boolean(a && b);
    if (a && b) this.paint();
    else await this.chooser.show(a ? left.job : null);
  }

  paint() {
    const [left, right] = this.sides;
    setTitle(`${jobName(left.job)} and ${jobName(right.job)}`);
    for (const side of this.sides) side.paint();
    this.scrubber.refresh();
    this.differences.show(left, right);
  }

  close() {
    this.stream.close();
    this.soon.cancel();
    this.scrubber.close();
  }
}

export const mount = (root, context) => new ComparePage(root, context);
