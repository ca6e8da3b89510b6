// Dialogs, messages and menus, whose module is loaded when one is first shown.
import { withStyles } from '../app/styles.js';

/** Loads the module. A page that follows changes does so before it is live. */
export const loadDialogs = () => withStyles(import('./dialogs.js'));

/** A function of `dialogs.js` that is called when the module is there. */
const later =
  (name) =>
  async (...given) => {
    const dialogs = await loadDialogs();
    return dialogs[name](...given);
  };

export const toast = later('toast');
export const failed = later('failed');
export const openMenu = later('openMenu');
