// The selected jobs, and the tray of what can be done with them.
import { BULK } from '../bulk.js';
import { copy } from '../copy.js';
import { h, put, steady } from '../dom.js';
import { inWords } from '../filters.js';
import { exact } from '../format.js';
import { icon } from '../icons.js';

/** Ids, in the order of selection. They stay selected on other pages and under other filters. */
const selected = new Set();

export class Selection {
  constructor(page) {
    this.page = page;
    /** All jobs that match, also those that are not on this page. */
    this.all = false;
    this.last = null;
    const onchange = ({ target }) => this.setPage(target.checked);
    const box = { type: 'checkbox', 'aria-label': 'Select this page', onchange };
    this.pageBox = h('input', box);
    const tray = { role: 'region', 'aria-label': 'Selection', hidden: true };
    this.tray = h('div.tray', tray);
  }

  has(id) {
    return this.all || selected.has(id);
  }

  any() {
    return this.all || selected.size > 0;
  }

  mark(ids, on) {
    for (const id of ids) {
      if (on) selected.add(id);
      else selected.delete(id);
    }
  }

  drop(id) {
    selected.delete(id);
  }

  ids() {
    return [...selected];
  }

  pageIds() {
    return this.page.jobs.map((job) => job.job_id);
  }

  /** Selects a job; with `range`, all from the one before to it. */
  set(id, on, range) {
    const ids = this.pageIds();
    const [from, to] = [ids.indexOf(this.last), ids.indexOf(id)];
    const between = ids.slice(Math.min(from, to), Math.max(from, to) + 1);
    this.mark(range && from >= 0 ? between : [id], on);
    this.last = id;
    if (!on && this.all) {
      this.all = false;
      this.mark(ids, true);
      selected.delete(id);
    }
    this.page.repaint();
  }

  toggle(id) {
    this.set(id, !selected.has(id));
  }

  setPage(on) {
    this.all = false;
    this.mark(this.pageIds(), on);
    this.page.repaint();
  }

  setAll() {
    this.all = true;
    this.page.repaint();
  }

  replace(ids) {
    selected.clear();
    this.mark(ids, true);
    this.all = false;
  }

  clear() {
    this.replace([]);
    this.page.repaint();
  }

  /** Another page of the list is shown. */
  forgetPage() {
    this.all = false;
    this.last = null;
  }

  show() {
    const { jobs, total, more, filter } = this.page;
    const here = this.pageIds().filter((id) => selected.has(id)).length;
    const full = jobs.length > 0 && (this.all || here === jobs.length);
    this.pageBox.checked = full;
    this.pageBox.indeterminate = !full && here > 0;
    const n = this.all ? total : selected.size;
    const others = full && (more || total > jobs.length);
    steady(this.tray, [n, this.all, more, others, inWords(filter)], () => {
      this.tray.hidden = n === 0;
      document.body.toggleAttribute('data-tray', n > 0);
      put(this.tray, this.text(n, others), this.buttons());
    });
  }

  text(n, others) {
    const { total, more } = this.page;
    const matching = `${more ? '' : `${exact(total)} `}that match`;
    const selectAll = { onclick: () => this.setAll() };
    return h(
      'div.tray-text',
      h('b', { 'aria-live': 'polite' }, this.all ? `All ${matching}` : `${exact(n)} selected`),
      !this.all && others && h('button.link', selectAll, `Select all ${matching}`),
      h('button.link', { onclick: () => this.clear() }, 'Clear'),
    );
  }

  buttons() {
    const button = ([action, { verb, icon: picture }]) => {
      const cls = `button act ${action === 'delete' ? 'danger-quiet' : ''}`;
      const onclick = () => this.page.act(action);
      return h('button', { class: cls, onclick }, icon(picture, 18), h('span', verb));
    };
    const label = { title: 'Copy the ids', 'aria-label': 'Copy the ids' };
    const onclick = () => copy(this.ids().join('\n'), 'Ids copied');
    const copyIds = { ...label, onclick };
    return h(
      'div.row',
      Object.entries(BULK).map(button),
      !this.all && h('button.button.quiet.icon.only-wide', copyIds, icon('copy', 18)),
    );
  }
}
