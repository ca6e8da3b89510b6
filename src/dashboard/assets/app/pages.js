// The table of pages. Routes, navigation and keys are made from it.
import { mount as action } from '../pages/action.js';
import { mount as actions } from '../pages/actions.js';
import { mount as importRun } from '../pages/import.js';
import { mount as imports } from '../pages/imports.js';
import { mount as job } from '../pages/job.js';
import { mount as jobs } from '../pages/jobs.js';
import { mount as newJob } from '../pages/new.js';
import { mount as oneSeries } from '../pages/one-series.js';
import { mount as overview } from '../pages/overview.js';
import { mount as series } from '../pages/series.js';
import { mount as signIn } from '../pages/sign-in.js';
import { mount as workers } from '../pages/workers.js';

/**
 * `key` opens the page after `g`. `top` lists it in the bar on top; `bottom` in the bar of a phone,
 * as a tab or in the menu. The server serves the same paths: `PAGES` in `src/dashboard/mod.rs`.
 */
export const PAGES = [
  {
    path: '/',
    mount: overview,
    name: 'Overview',
    key: 'o',
    icon: 'home',
    top: true,
    bottom: 'tab',
  },
  { path: '/jobs', mount: jobs, name: 'Jobs', key: 'j', icon: 'list', top: true, bottom: 'tab' },
  { path: '/jobs/:id', mount: job },
  { path: '/new', mount: newJob, name: 'New', key: 'n', icon: 'plus', bottom: 'tab' },
  {
    path: '/series',
    mount: series,
    name: 'Series',
    key: 's',
    icon: 'film',
    top: true,
    bottom: 'tab',
  },
  { path: '/series/:id', mount: oneSeries },
  {
    path: '/workers',
    mount: workers,
    name: 'Workers',
    key: 'w',
    icon: 'home',
    top: true,
    bottom: 'menu',
  },
  {
    path: '/imports',
    mount: imports,
    name: 'Imports',
    key: 'i',
    icon: 'next',
    top: true,
    bottom: 'menu',
  },
  { path: '/imports/:id', mount: importRun },
  { path: '/actions', mount: actions, name: 'Actions', icon: 'list', top: true, bottom: 'menu' },
  { path: '/actions/:id', mount: action },
  { path: '/sign-in', mount: signIn },
];
