// The filter of the list of jobs: a box for words and filters, a sheet of fields, and chips.
import { go } from '../../app/router.js';
import { h, put, throttle } from '../dom.js';
import { chips, minus, parse, plus, quoted } from '../filters.js';
import { icon } from '../icons.js';
import { STATUSES, WORDS } from '../status.js';
import { clean, user } from '../text.js';

const BOX = {
  id: 'search',
  type: 'search',
  placeholder: 'Search titles, or status:failed label:team=a after:7d',
  autocomplete: 'off',
  spellcheck: 'false',
  'aria-label': 'Search jobs',
  'aria-describedby': 'bad-tokens',
};

/** Fields of the sheet that are typed: label, name of the filter, example. */
const TYPED = [
  ['Type', 'type', 'idea2video'],
  ['Label', 'label', 'team=a'],
  ['Series id', 'series', ''],
  ['Created after', 'after', '7d or 2026-01-31'],
  ['Created before', 'before', 'today'],
];

const field = (label, input) => h('label.field', h('span', label), input);

const select = (onchange, options) =>
  h(
    'select',
    { onchange: ({ target }) => onchange(target.value) },
    options.map(([value, text]) => h('option', { value }, text)),
  );

export class Search {
  constructor(page) {
    this.page = page;
    this.box = h('input', BOX);
    this.bad = h('p.bad.small', { id: 'bad-tokens', role: 'alert' });
    this.chips = h('div.chips', { 'aria-label': 'Filters' });
    this.sheet = this.buildSheet();
    const open = { 'aria-expanded': 'false', onclick: () => this.toggleSheet() };
    this.button = h('button.button.filters-button', open, icon('filter', 18), 'Filters');
    const onsubmit = (event) => {
      event.preventDefault();
      this.take(true);
    };
    const glass = h('span.search-icon', icon('search', 18));
    const form = h('form.searchbar', { role: 'search', onsubmit }, glass, this.box, this.button);
    this.parts = [form, this.sheet, this.bad, this.chips];
    this.typed = throttle(() => this.take(/\s$/.test(this.box.value)), 300);
    this.box.addEventListener('input', this.typed);
  }

  close() {
    this.typed.cancel();
  }

  showBad(...content) {
    put(this.bad, content);
  }

  showWrong(wrong) {
    this.showBad(wrong.map(([token, why]) => h('span', h('code', clean(token)), `: ${why}. `)));
  }

  /** Takes the words over, and with `whole` also the filters, which may be unfinished before. */
  take(whole) {
    const { page, box } = this;
    const { found, bad, words } = parse(box.value);
    this.showWrong(bad);
    box.setAttribute('aria-invalid', String(bad.length > 0));
    const added = whole ? found : [];
    const start = { ...page.filter };
    const next = added.reduce((filter, [name, value]) => plus(filter, name, value), start);
    if (words) next.q = words;
    else delete next.q;
    if (added.length) box.value = [words, ...bad.map(([token]) => token)].filter(Boolean).join(' ');
    if (JSON.stringify(next) !== JSON.stringify(page.filter)) page.setFilter(next, !whole);
  }

  toggleSheet() {
    const open = this.sheet.classList.toggle('open');
    this.button.setAttribute('aria-expanded', String(open));
    if (open) this.status.focus();
  }

  setStatus(status) {
    const { status: before, ...rest } = this.page.filter;
    this.page.setFilter(status ? { ...rest, status } : rest, false);
  }

  setOrder(order) {
    this.page.order = order || null;
    go(this.page.url());
  }

  setTyped(name, input) {
    const value = input.value.trim();
    const { found, bad } = parse(value ? `${name}:${quoted(value)}` : '');
    this.showWrong(bad);
    for (const [key, text] of found) this.page.setFilter(plus(this.page.filter, key, text), false);
    if (found.length) input.value = '';
  }

  buildSheet() {
    const statuses = STATUSES.map((status) => [status, WORDS[status]]);
    this.status = select((value) => this.setStatus(value), [['', 'Any'], ...statuses]);
    const orders = [
      ['', 'Newest first'],
      ['created_at', 'Oldest first'],
    ];
    this.order = select((value) => this.setOrder(value), orders);
    const typed = ([label, name, placeholder]) => {
      const onchange = ({ target }) => this.setTyped(name, target);
      return field(label, h('input', { type: 'text', placeholder, onchange }));
    };
    const done = { onclick: () => this.toggleSheet() };
    return h(
      'div.sheet',
      field('Status', this.status),
      TYPED.map(typed),
      field('Order', this.order),
      h('button.button.primary.only-phone', done, 'Show jobs'),
    );
  }

  /** Removes all but the order. */
  clear() {
    this.box.value = '';
    this.page.setFilter({}, false);
  }

  reset() {
    this.page.order = null;
    this.clear();
  }

  chip({ name, value, text }) {
    const { page } = this;
    const remove = () => page.setFilter(minus(page.filter, name, value), false);
    const props = { 'aria-label': `Remove ${clean(text)}`, onclick: remove };
    return h('span.filter', user(text), h('button', props, icon('cancel', 14)));
  }

  /** Shows the filter of the page. */
  show() {
    const { filter, order } = this.page;
    if (document.activeElement !== this.box) this.box.value = filter.q ?? '';
    this.status.value = filter.status ?? '';
    this.order.value = order ?? '';
    const all = chips(filter);
    const any = all.length > 0 || filter.q || order;
    const clear = { onclick: () => this.reset() };
    put(
      this.chips,
      all.map((chip) => this.chip(chip)),
      any && h('button.button.quiet.small', clear, 'Clear'),
    );
    this.chips.hidden = !any;
  }
}
