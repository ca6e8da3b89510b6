// Starts the frame around every page, then the page of the address.
import { showConnection } from './connection-chip.js';
import { help, listenToKeys } from './keys.js';
import { showNavigation } from './navigation.js';
import { PAGES } from './pages.js';
import { start } from './router.js';
import { showSession } from './session.js';
import { showThemeButton } from './theme-button.js';
import { toast } from '../parts/dialogs.js';
import { h, put } from '../parts/dom.js';
import { icon } from '../parts/icons.js';

/** A finger cannot hover: a tap on a relative time shows the exact one. */
function showTimesOnTap() {
  document.addEventListener('click', (event) => {
    const time = event.target.closest?.('time[title]');
    if (time && matchMedia('(hover: none)').matches) toast(h('span.pre', time.title));
  });
}

showSession();
showConnection();
showThemeButton();
put(document.getElementById('help'), icon('help')).addEventListener('click', help);
showNavigation();
showTimesOnTap();
listenToKeys();
start(PAGES);
