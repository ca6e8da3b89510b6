// Pictures of buttons, as lines in a square of 24.
import { s } from './dom.js';

const PATHS = {
  retry: 'M4 12a8 8 0 1 0 3-6.2M4 4v4h4',
  cancel: 'M6 6l12 12M18 6L6 18',
  trash: 'M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12',
  copy: 'M9 9h10v10H9zM15 9V5H5v10h4',
  back: 'M15 5l-7 7 7 7',
  next: 'M9 5l7 7-7 7',
  sun:
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2' +
    'M5 5l1.4 1.4M17.6 17.6 19 19M19 5l-1.4 1.4M6.4 17.6 5 19',
  moon: 'M20 14.5A8 8 0 1 1 9.5 4a6.5 6.5 0 0 0 10.5 10.5z',
  auto: 'M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14M16 16l4 4',
  plus: 'M12 5v14M5 12h14',
  help: 'M9 9a3 3 0 1 1 4 2.8c-.7.3-1 .8-1 1.7M12 17.5v.01',
  home: 'M4 11l8-7 8 7v9h-5v-6H9v6H4z',
  list: 'M9 6h11M9 12h11M9 18h11M4 6h.01M4 12h.01M4 18h.01',
  film: 'M4 5h16v14H4zM8 5v14M16 5v14M4 9h4M4 15h4M16 9h4M16 15h4',
  filter: 'M4 6h16M7 12h10M10 18h4',
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7v5l3 3',
  up: 'M12 19V5M6 11l6-6 6 6',
  play: 'M8 5l11 7-11 7z',
  link: 'M14 5h5v5M19 5l-8 8M11 6H6v12h12v-5',
  dots: 'M5 12h.01M12 12h.01M19 12h.01',
  pause: 'M9 5v14M15 5v14',
  box: 'M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8',
  bell: 'M6 16v-5a6 6 0 0 1 12 0v5l1.5 2h-15zM10 20.5h4',
};

/** Properties of a line that is drawn in the colour of the text. */
export const LINE = {
  fill: 'none',
  stroke: 'currentColor',
  'stroke-width': 2,
  'stroke-linecap': 'round',
  'stroke-linejoin': 'round',
};

export function icon(name, size = 20) {
  const line = { ...LINE, d: PATHS[name], 'stroke-width': name === 'dots' ? 3 : 2 };
  const square = { viewBox: '0 0 24 24', width: size, height: size };
  return s('svg', { ...square, class: 'icon', 'aria-hidden': 'true' }, s('path', line));
}
