// The page to sign in with a key, where the server needs one.
import { setTitle } from '../app/router.js';
import { signIn } from '../app/session.js';
import { form } from '../parts/dialogs.js';
import { h, local, put, setText } from '../parts/dom.js';
import { head } from '../parts/ui.js';

const SUB = 'This server needs a key. An admin makes one with: callsheet keys create --role reader';

const PLAIN =
  'This page came over plain HTTP from another machine, so the browser does not keep a session: ' +
  'use HTTPS.';

/** Only a path of this server, so that a link leads nowhere else. */
const inside = (next) => (/^\/(?![/\\])/.test(next ?? '') ? next : '/');

const isLocal = () => ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);

export function mount(root, { search }) {
  setTitle('Sign in');
  const key = h('input', {
    type: 'password',
    name: 'key',
    autocomplete: 'current-password',
    autofocus: true,
    required: true,
    spellcheck: 'false',
  });
  const note = h('p.note-line.small.bad', { role: 'alert' });
  const button = h('button.button.primary', { type: 'submit' }, 'Sign in');
  async function submit() {
    button.disabled = true;
    setText(note, '');
    try {
      await signIn(key.value.trim());
      location.assign(local(inside(search.get('next'))));
    } catch (error) {
      setText(note, error.message);
      key.select();
    } finally {
      button.disabled = false;
    }
  }
  const field = h('label.field', h('span', 'Key'), key);
  const panel = form(submit, field, note, h('div.row.end', button));
  panel.className = 'panel form sign-in';
  const plain = location.protocol === 'http:' && !isLocal();
  put(root, head('Sign in', SUB), plain && h('p.small.bad', PLAIN), panel);
  key.focus();
  return {};
}
