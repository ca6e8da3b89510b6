// The button that changes the theme. `theme.js` sets the stored one before anything is painted.
import { put, store } from '../parts/dom.js';
import { icon } from '../parts/icons.js';

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
  const [picture, title] = THEMES[name];
  const button = document.getElementById('theme');
  put(button, icon(picture));
  button.setAttribute('aria-label', `${title}; change`);
  button.title = title;
}

export function nextTheme() {
  const names = Object.keys(THEMES);
  setTheme(names[(names.indexOf(theme()) + 1) % names.length]);
}

export function showThemeButton() {
  document.getElementById('theme').addEventListener('click', nextTheme);
  setTheme(theme());
}
