// The frame around every page: navigation, connection, theme, keys.
import { h, icon, put, setText, store } from './dom.js';
import { atClock } from './format.js';
import { connection, onConnection, pause, reconnect } from './live.js';
import { go, onRoute, route, start } from './router.js';
import { dialog, openMenu, toast } from './ui.js';
import { mount as overview } from './overview.js';
import { mount as jobs } from './jobs.js';
import { mount as job } from './job.js';
import { mount as fresh } from './new.js';
import { action, actions, imports, oneImport, oneSeries, series, workers } from './library.js';

route('/', overview);
route('/jobs', jobs);
route('/jobs/:id', job);
route('/new', fresh);
route('/series', series);
route('/series/:id', oneSeries);
route('/workers', workers);
route('/imports', imports);
route('/imports/:id', oneImport);
route('/actions', actions);
route('/actions/:id', action);

const THEMES = {
  auto: ['auto', 'System theme'],
  light: ['sun', 'Light theme'],
  dark: ['moon', 'Dark theme'],
};
const theme = () => store.get('theme') ?? 'auto';

function setTheme(name) {
  store.set('theme', name === 'auto' ? null : name);
  if (name === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  const button = document.getElementById('theme');
  put(button, icon(THEMES[name][0]));
  button.setAttribute('aria-label', `${THEMES[name][1]}; change`);
  button.title = THEMES[name][1];
}

const nextTheme = () => {
  const names = Object.keys(THEMES);
  setTheme(names[(names.indexOf(theme()) + 1) % 3]);
};

const STATES = {
  connecting: ['Connecting', 'Opening the stream of changes'],
  live: ['Live', 'Changes are shown as they happen. Click to pause.'],
  polling: ['Every 5 s', 'The stream does not open: asking every 5 seconds'],
  lost: ['Offline', 'The server does not answer'],
  paused: ['Paused', 'Nothing changes until you go on. Click to go on.'],
};

function frame() {
  const chip = document.getElementById('connection');
  const banner = document.getElementById('banner');
  onConnection(({ state, asOf, lostSince }) => {
    const [word, title] = STATES[state] ?? STATES.connecting;
    chip.dataset.state = state;
    setText(chip.querySelector('.word'), word);
    chip.title = title;
    chip.setAttribute('aria-label', `Connection: ${word}. ${title}`);
    const lost = lostSince !== null;
    document.body.toggleAttribute('data-lost', lost);
    for (const el of document.querySelectorAll('.act')) {
      if (lost) el.setAttribute('aria-disabled', 'true');
      else el.removeAttribute('aria-disabled');
    }
    if (lost === !banner.hidden) return;
    banner.hidden = !lost;
    put(
      banner,
      lost && [
        h(
          'span',
          asOf
            ? `Connection lost: as of ${atClock(asOf)}. It comes back by itself.`
            : 'The server does not answer. It is tried again and again.',
        ),
        h('button.button', { onclick: reconnect }, 'Try now'),
      ],
    );
  });
  chip.addEventListener('click', () =>
    connection.state === 'live' || connection.paused ? pause(!connection.paused) : reconnect(),
  );
  // Without a connection nothing can be done, and nothing should look as if it had been.
  document.addEventListener(
    'click',
    (event) => {
      if (!document.body.hasAttribute('data-lost') || !event.target.closest?.('.act')) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      toast('There is no connection to the server: nothing was done.', { tone: 'bad' });
    },
    true,
  );
  document.getElementById('theme').addEventListener('click', nextTheme);
  put(document.getElementById('help'), icon('help')).addEventListener('click', help);
  setTheme(theme());
  bottom();
  document.addEventListener('click', (event) => {
    const time = event.target.closest?.('time[title]');
    if (time && matchMedia('(hover: none)').matches) toast(h('span.pre', time.title));
  });
}

function bottom() {
  const tab = (href, name, text) => h('a', { href }, icon(name), h('span', text));
  const more = h(
    'button',
    {
      'aria-haspopup': 'menu',
      onclick: () =>
        openMenu(more, [
          { label: 'Workers', icon: 'home', href: '/workers', act: false },
          { label: 'Imports', icon: 'next', href: '/imports', act: false },
          { label: 'Actions', icon: 'list', href: '/actions', act: false },
          { label: 'API docs', icon: 'link', href: '/docs', act: false },
          { label: 'Settings', icon: 'help', run: help, act: false },
        ]),
    },
    icon('dots'),
    h('span', 'More'),
  );
  put(
    document.querySelector('.bottom'),
    tab('/', 'home', 'Overview'),
    tab('/jobs', 'list', 'Jobs'),
    tab('/new', 'plus', 'New'),
    tab('/series', 'film', 'Series'),
    more,
  );
}

const KEYS = [
  ['g then o j n s w i', 'Overview, jobs, new, series, workers, imports'],
  ['/', 'Search jobs'],
  ['j k', 'Next, previous row'],
  ['x', 'Select the row'],
  ['Enter', 'Open the row'],
  ['r', 'Retry'],
  ['c', 'Cancel'],
  ['[ ]', 'Newer, older page'],
  ['p', 'Pause live changes'],
  ['t', 'Theme'],
  ['Esc', 'Close, clear the selection'],
  ['?', 'This list'],
];

const keysOn = () => store.get('keys') !== 'off';

function help() {
  dialog('Keys and settings', () =>
    h(
      'div',
      null,
      h(
        'label.check',
        h('input', {
          type: 'checkbox',
          checked: keysOn(),
          onchange: (e) => store.set('keys', e.target.checked ? null : 'off'),
        }),
        'Keys are on',
      ),
      h(
        'dl.keys',
        KEYS.map(([key, text]) => [
          h(
            'dt',
            key.split(' ').map((k) => (k === 'then' ? ' then ' : h('kbd', k))),
          ),
          h('dd', text),
        ]),
      ),
    ),
  );
}

const GOES = { o: '/', j: '/jobs', n: '/new', s: '/series', w: '/workers', i: '/imports' };
let afterG = -Infinity;

function key(event) {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || !keysOn()) return;
  if (
    event.target.closest?.('input, textarea, select, [contenteditable]') ||
    document.querySelector('dialog[open], .menu:popover-open')
  )
    return;
  const { key: pressed } = event;
  if (performance.now() - afterG < 1000) {
    afterG = -Infinity;
    if (GOES[pressed]) {
      event.preventDefault();
      go(GOES[pressed]);
    }
    return;
  }
  if (pressed === 'g') afterG = performance.now();
  else if (pressed === '?') help();
  else if (pressed === 't') nextTheme();
  else if (pressed === 'p') pause(!connection.paused);
  else if (pressed === '/') {
    event.preventDefault();
    const box = document.getElementById('search');
    if (box) box.focus();
    else {
      go('/jobs');
      document.getElementById('search')?.focus();
    }
  } else
    document
      .getElementById('main')
      .dispatchEvent(
        new CustomEvent('pagekey', {
          detail: { key: pressed, target: event.target, stop: () => event.preventDefault() },
        }),
      );
}

document.addEventListener('keydown', key);
onRoute((path) => {
  for (const link of document.querySelectorAll('.pages a, .bottom a')) {
    const to = link.getAttribute('href');
    const here = to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`);
    if (here) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
});
frame();
start();
