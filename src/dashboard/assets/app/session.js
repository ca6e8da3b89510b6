// Who uses the dashboard, and what the role may do. A server without keys is open to everyone.
import { get, onUnauthenticated, send } from './api.js';
import { BASE, h, local, put } from '../parts/dom.js';
import { failed, openMenu } from '../parts/on-demand.js';
import { clean } from '../parts/text.js';

const SIGN_IN = '/sign-in';

const here = () => location.pathname.slice(BASE.length) || '/';

function askForKey() {
  if (here() === SIGN_IN) return;
  const next = encodeURIComponent(here() + location.search);
  location.assign(local(`${SIGN_IN}?next=${next}`));
}

async function signOut() {
  try {
    await send('DELETE', '/session');
    location.assign(local(SIGN_IN));
  } catch (error) {
    failed(error);
  }
}

/** Permissions whose controls the styles hide, in `styles/frame.css`. */
const CONTROLLED = ['jobs:create', 'jobs:change', 'actions:run', 'queues:write', 'imports:run'];

/** The key whose jobs alone the caller may change; undefined if it may change all. */
let onlyOf;

/** Whether the caller may change the job. */
export const mayChange = (job) => onlyOf === undefined || job.created_by === onlyOf;

function show({ name, role, permissions, open, key_id: key, own_jobs_only: own }) {
  onlyOf = own ? key : undefined;
  window.dispatchEvent(new Event('session'));
  const cannot = CONTROLLED.filter((one) => !permissions.includes(one));
  document.documentElement.dataset.cannot = cannot.join(' ');
  const place = document.getElementById('account');
  place.hidden = open;
  if (open) return;
  const title = `Signed in as ${clean(name)}, ${role}`;
  const items = [{ label: 'Sign out', icon: 'cancel', run: signOut, act: false }];
  const props = { title, 'aria-label': title, 'aria-haspopup': 'menu' };
  const onclick = () => openMenu(button, items);
  const button = h('button.chip', { ...props, onclick }, h('span.word', clean(name)), role);
  put(place, button);
}

/** Shows who one is; where a key is needed, the page to sign in. */
export async function showSession() {
  onUnauthenticated(askForKey);
  if (here() === SIGN_IN) return;
  try {
    show(await get('/session'));
  } catch {
    // The page itself says why the server does not answer.
  }
}

/** Starts a session with a key. */
export const signIn = (key) => send('POST', '/session', { body: { key } });
