// Hides or shows the tab, with the clock turned on by `later` milliseconds.
(hidden, later = 0) => {
  const { now } = Date;
  Date.now = () => now() + later;
  window.away = hidden;
  Object.defineProperty(document, 'hidden', { get: () => window.away, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
};
