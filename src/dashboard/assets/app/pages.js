// The table of pages. Routes, navigation and keys are made from it.
import { needStyles } from './styles.js';

/** The module of a page, and its stylesheets, are loaded when the page is first shown. */
const page =
  (name, ...styles) =>
  () => {
    needStyles(...styles);
    return import(`../pages/${name}.js`);
  };

/**
 * `key` opens the page after `g`. `top` lists it in the bar on top, where the other pages of the
 * menu are behind "More"; `bottom` in the bar of a phone, as a tab or in the menu. The server
 * serves the same paths: `PAGES` in `src/dashboard/mod.rs`.
 */
export const PAGES = [
  {
    path: '/',
    load: page('overview', 'overview'),
    name: 'Overview',
    key: 'o',
    icon: 'home',
    top: true,
    bottom: 'tab',
  },
  {
    path: '/jobs',
    load: page('jobs', 'fields', 'tables', 'jobs', 'layers'),
    name: 'Jobs',
    key: 'j',
    icon: 'list',
    top: true,
    bottom: 'tab',
  },
  { path: '/jobs/:id', load: page('job', 'tables', 'media', 'data', 'job', 'layers') },
  { path: '/jobs/:id/log', load: page('log', 'fields', 'library') },
  { path: '/compare', load: page('compare', 'fields', 'tables', 'data', 'media', 'compare') },
  {
    path: '/causes',
    load: page('causes', 'causes', 'data', 'layers'),
    name: 'Causes',
    key: 'f',
    icon: 'help',
    bottom: 'menu',
  },
  {
    path: '/new',
    load: page('new', 'fields', 'library'),
    name: 'New',
    key: 'n',
    icon: 'plus',
    bottom: 'tab',
  },
  {
    path: '/series',
    load: page('series', 'library', 'layers'),
    name: 'Series',
    key: 's',
    icon: 'film',
    top: true,
    bottom: 'tab',
  },
  { path: '/series/:id', load: page('one-series', 'media', 'library') },
  {
    path: '/workers',
    load: page('workers', 'tables', 'layers'),
    name: 'Workers',
    key: 'w',
    icon: 'home',
    top: true,
    bottom: 'menu',
  },
  {
    path: '/schedules',
    load: page('schedules', 'tables', 'layers'),
    name: 'Schedules',
    key: 'c',
    icon: 'clock',
    top: true,
    bottom: 'menu',
  },
  {
    path: '/webhooks',
    load: page('webhooks', 'tables', 'layers'),
    name: 'Webhooks',
    key: 'h',
    icon: 'bell',
    bottom: 'menu',
  },
  {
    path: '/storage',
    load: page('storage', 'tables'),
    name: 'Storage',
    key: 'k',
    icon: 'box',
    bottom: 'menu',
  },
  {
    path: '/imports',
    load: page('imports', 'tables'),
    name: 'Imports',
    key: 'i',
    icon: 'next',
    top: true,
    bottom: 'menu',
  },
  { path: '/imports/:id', load: page('import', 'data', 'library') },
  {
    path: '/actions',
    load: page('actions', 'tables'),
    name: 'Actions',
    icon: 'list',
    bottom: 'menu',
  },
  { path: '/actions/:id', load: page('action', 'tables', 'library') },
  { path: '/sign-in', load: page('sign-in', 'fields', 'library') },
];
