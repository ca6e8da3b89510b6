// Filters of the list of jobs that this browser keeps under a name.
import { ask, toast } from '../dialogs.js';
import { h, patch, store } from '../dom.js';
import { icon } from '../icons.js';
import { clean, user } from '../text.js';

const MOST = 20;

/** `{name, url}` of each. */
export function savedViews() {
  try {
    const views = JSON.parse(store.get('views')) ?? [];
    return views.filter((view) => view.name && view.url?.startsWith('/jobs'));
  } catch {
    return [];
  }
}

const keep = (views) => store.set('views', JSON.stringify(views.slice(-MOST)));

export class Views {
  /** `page.url()` is the address of the list as it is filtered now. */
  constructor(page) {
    this.page = page;
    this.el = h('nav.chips', { 'aria-label': 'Saved views' });
  }

  async save() {
    const name = await ask('Save this view', 'Name', 'Save', { maxlength: 60, dir: 'auto' });
    if (!name?.trim()) return;
    const others = savedViews().filter((view) => view.name !== name.trim());
    keep([...others, { name: name.trim(), url: this.page.url() }]);
    this.show(true);
    toast('Saved in this browser');
  }

  remove(name) {
    keep(savedViews().filter((view) => view.name !== name));
    this.show(true);
  }

  /** `filtered`: there is something to save. */
  show(filtered) {
    const here = this.page.url();
    const views = savedViews();
    const chip = ({ name, url }) => {
      const remove = { 'aria-label': `Remove ${clean(name)}`, onclick: () => this.remove(name) };
      const props = { href: url, 'aria-current': url === here ? 'page' : null };
      const link = h('a', props, user(name));
      return h(
        'span.filter',
        { data: { key: name } },
        link,
        h('button', remove, icon('cancel', 14)),
      );
    };
    const known = views.some(({ url }) => url === here);
    const save = { onclick: () => this.save() };
    patch(
      this.el,
      views.map(chip),
      filtered && !known && h('button.button.quiet.small', save, 'Save this view'),
    );
    this.el.hidden = !this.el.firstChild;
  }
}
