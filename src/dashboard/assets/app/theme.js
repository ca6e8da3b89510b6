// Sets the stored theme. A classic script: the page is not painted before it has run.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem('callsheet.theme');
  } catch {
    // Storage is blocked: the system's theme applies.
  }
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
})();
