// Sets the theme before anything is painted. A classic script, so that the page waits for it.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem('callsheet.theme');
  } catch {
    /* storage is blocked: the system decides */
  }
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
})();
