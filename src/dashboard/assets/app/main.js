// Starts the frame around every page, then the page of the address.
import { showConnection } from './connection-chip.js';
import { findAnything, help, listenToKeys } from './keys.js';
import { showNavigation } from './navigation.js';
import { PAGES } from './pages.js';
import { loadPages, start } from './router.js';
import { showSession } from './session.js';
import { showThemeButton } from './theme-button.js';
import { h, put } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { toast } from '../parts/on-demand.js';

/** A finger cannot hover: a tap on a relative time shows the exact one. */
function showTimesOnTap() {
  document.addEventListener('click', (event) => {
    const time = event.target.closest?.('time[title]');
    if (time && matchMedia('(hover: none)').matches) toast(h('span.pre', time.title));
  });
}

/** Fetches what is loaded on demand, so that it is there when the server is not. */
const loadRest = () =>
  Promise.all([
    loadPages(),
    ...['bulk', 'help', 'palette'].map((name) => import(`../parts/${name}.js`)),
  ]);

showSession();
showConnection();
showThemeButton();
put(document.getElementById('find'), icon('search')).addEventListener('click', findAnything);
put(document.getElementById('help'), icon('help')).addEventListener('click', help);
showNavigation();
showTimesOnTap();
listenToKeys();
start(PAGES);
// When the page has been painted and its data asked for, the others are fetched.
setTimeout(() => loadRest().catch(() => {}), 1500);
