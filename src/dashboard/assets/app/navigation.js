// The bar on top and the bar at the bottom of a phone, made from the table of pages.
import { findAnything, help } from './keys.js';
import { PAGES } from './pages.js';
import { onRoute } from './router.js';
import { h, put } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { openMenu } from '../parts/on-demand.js';

const link = (label, name, href) => ({ label, icon: name, href, act: false });

const menuItems = () => [
  ...PAGES.filter((page) => page.bottom === 'menu').map((p) => link(p.name, p.icon, p.path)),
  { label: 'Find', icon: 'search', run: findAnything, act: false },
  link('API docs', 'link', '/docs'),
  { label: 'Settings', icon: 'help', run: help, act: false },
];

function showBottom() {
  const tabs = PAGES.filter((page) => page.bottom === 'tab');
  const tab = (page) => h('a', { href: page.path }, icon(page.icon), h('span', page.name));
  const open = () => openMenu(more, menuItems());
  const more = h(
    'button',
    { 'aria-haspopup': 'menu', onclick: open },
    icon('dots'),
    h('span', 'More'),
  );
  put(document.querySelector('.bottom'), tabs.map(tab), more);
}

function markCurrent(path) {
  for (const el of document.querySelectorAll('.pages a, .bottom a')) {
    const to = el.getAttribute('href');
    const here = to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`);
    if (here) el.setAttribute('aria-current', 'page');
    else el.removeAttribute('aria-current');
  }
}

function showTop() {
  const top = PAGES.filter((page) => page.top);
  const rest = PAGES.filter((page) => page.bottom === 'menu' && !page.top);
  const items = () => rest.map((page) => link(page.name, page.icon, page.path));
  const open = () => openMenu(more, items());
  const more = h('button', { type: 'button', 'aria-haspopup': 'menu', onclick: open }, 'More');
  put(
    document.querySelector('.pages'),
    top.map((page) => h('a', { href: page.path }, page.name)),
    more,
  );
}

export function showNavigation() {
  showTop();
  showBottom();
  onRoute(markCurrent);
}
