// "Yours is ready": a message of the browser when a job ends, if the user asked for one.
import { toast } from '../dialogs.js';
import { h, setText, store } from '../dom.js';
import { icon } from '../icons.js';
import { jobName } from '../text.js';

const WORDS = { completed: 'is ready', failed: 'has failed', cancelled: 'was cancelled' };

const key = (id) => `notice.${id}`;

/** Messages need a safe connection; elsewhere the browser does not have them. */
const able = () => 'Notification' in window && Notification.permission !== 'denied';

/** A switch for a message at the end of the job `id`. */
export function noticeButton(id) {
  const word = h('span');
  const show = () => {
    const on = store.get(key(id)) !== null;
    setText(word, on ? 'You will be told' : 'Tell me when it ends');
    button.setAttribute('aria-pressed', String(on));
  };
  const toggle = async () => {
    if (store.get(key(id)) !== null) store.set(key(id), null);
    else if ((await Notification.requestPermission()) === 'granted') store.set(key(id), '1');
    else toast('The browser does not let this page send messages.', { tone: 'bad' });
    show();
  };
  const button = h('button.button.quiet.small', { onclick: toggle }, icon('bell', 14), word);
  show();
  return able() ? button : null;
}

/** Tells that the job has ended, once. */
export function tellEnd(job) {
  if (!WORDS[job.status] || store.get(key(job.job_id)) === null) return;
  store.set(key(job.job_id), null);
  if (!able() || Notification.permission !== 'granted') return;
  const message = new Notification(`${jobName(job)} ${WORDS[job.status]}`, { tag: job.job_id });
  message.onclick = () => {
    window.focus();
    message.close();
  };
}
