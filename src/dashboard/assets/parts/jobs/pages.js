// The tabs of statuses above the list of jobs, and the pages below it.
import { go } from '../../app/router.js';
import { h, put } from '../dom.js';
import { count, counted, exact } from '../format.js';
import { icon } from '../icons.js';
import { STATUSES, WORDS, shape } from '../status.js';
import { choice } from '../ui.js';

/** Rows of a page; the first is the default. */
export const SIZES = ['50', '100', '200'];

export class Tabs {
  constructor(page) {
    this.page = page;
    this.el = h('nav.tabs', { 'aria-label': 'Status' });
  }

  tab(status, word, n) {
    const current = (this.page.filter.status ?? '') === status;
    const props = {
      href: this.page.url({ status }),
      class: `i-${status || 'all'} ${n ? '' : 'zero'}`,
      'aria-current': current ? 'true' : null,
    };
    const title = n >= 100000 ? exact(n) : null;
    const number = h('b', { title }, n === undefined ? '' : count(n));
    return h('a', props, status && shape(status, 14), word, number);
  }

  show(counts) {
    const tabs = STATUSES.map((status) => this.tab(status, WORDS[status], counts?.[status]));
    put(this.el, this.tab('', 'All', counts?.total), tabs);
    const here = this.el.querySelector('[aria-current]');
    if (!here) return;
    const margin = (this.el.clientWidth - here.offsetWidth) / 2;
    this.el.scrollLeft = here.offsetLeft - this.el.offsetLeft - margin;
  }
}

/** Cursors lead to older pages only, so the history's state keeps those of the newer ones. */
export class Pager {
  constructor(page) {
    this.page = page;
    this.el = h('div.pages-row');
  }

  stack() {
    return history.state?.stack ?? [];
  }

  older() {
    const { next: cursor, cursor: here } = this.page;
    const state = { stack: [...this.stack(), here ?? ''] };
    if (cursor) go(this.page.url({ cursor }), { state });
  }

  newer() {
    if (!this.page.cursor) return;
    const stack = this.stack();
    const cursor = stack.at(-1) || null;
    go(this.page.url({ cursor }), { state: { stack: stack.slice(0, -1) } });
  }

  show() {
    const { total, more, order, cursor, next, size } = this.page;
    const resize = (n) => go(this.page.url({ limit: n === SIZES[0] ? null : n }));
    const [back, forth] = order ? ['Older', 'Newer'] : ['Newer', 'Older'];
    const newer = { disabled: !cursor, onclick: () => this.newer() };
    const older = { disabled: !next, onclick: () => this.older() };
    const jobs = total === 1 ? ' job' : ' jobs';
    put(
      this.el,
      h('span.small', more && 'At least ', counted(total), jobs, ' match'),
      h(
        'span.row',
        choice(
          'Rows of a page',
          SIZES.map((n) => [n, n]),
          size,
          resize,
        ),
        h('button.button', newer, icon('back', 16), back),
        h('button.button', older, forth, icon('next', 16)),
      ),
    );
  }
}
