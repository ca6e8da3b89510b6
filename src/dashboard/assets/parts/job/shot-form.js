// The descriptions of a shot, to be changed. What is typed and not saved is kept.
import { jobPath, send } from '../../app/api.js';
import { attempt, submitButton, toast } from '../dialogs.js';
import { h } from '../dom.js';

const TEXTS = [
  ['visual_desc', 'Picture'],
  ['motion_desc', 'Motion'],
  ['audio_desc', 'Sound'],
];

function storedDrafts() {
  try {
    return new Map(JSON.parse(sessionStorage.getItem('callsheet.shots')) ?? []);
  } catch {
    return new Map();
  }
}

/** Descriptions that were typed and not saved, by job and shot. They outlive the page. */
const drafts = storedDrafts();

function setDraft(key, typed) {
  if (Object.keys(typed).length) drafts.set(key, typed);
  else drafts.delete(key);
  try {
    sessionStorage.setItem('callsheet.shots', JSON.stringify([...drafts]));
  } catch {
    // They last as long as the page then.
  }
}

export class ShotForm {
  /** `changed()` is called after descriptions of a shot of the job changed. */
  constructor(job, changed) {
    Object.assign(this, { job, changed, shot: null });
    this.fields = TEXTS.map(([name]) => h('textarea', { name, rows: 2, dir: 'auto' }));
    const label = ([, text], i) => h('label.field', h('span', text), this.fields[i]);
    this.submit = submitButton('Save descriptions');
    const discard = { onclick: () => this.discard() };
    this.unsaved = h(
      'p.small.unsaved',
      { role: 'status', hidden: true },
      'Not saved yet. ',
      h('button.link', discard, 'Discard'),
    );
    const onsubmit = (event) => {
      event.preventDefault();
      this.save();
    };
    this.el = h(
      'form.shot-form',
      { onsubmit, oninput: () => this.keep() },
      TEXTS.map(label),
      h('div.row.between', this.unsaved, this.submit),
    );
  }

  get key() {
    return `${this.job}/${this.shot.shot_idx}`;
  }

  /** Whether something was typed and not saved. */
  hasDraft() {
    return Boolean(this.shot) && drafts.has(this.key);
  }

  /** Shows the shot as it is now. What is being typed stays. */
  show(shot) {
    const another = this.shot?.shot_idx !== shot.shot_idx;
    this.shot = shot;
    const draft = drafts.get(this.key) ?? {};
    for (const field of this.fields) {
      const value = draft[field.name] ?? shot[field.name] ?? '';
      if (another || field.value !== value) field.value = value;
    }
    this.unsaved.hidden = !drafts.has(this.key);
  }

  /** The descriptions that differ from those of the server. */
  typed() {
    const differs = ({ name, value }) => value !== (this.shot[name] ?? '');
    return Object.fromEntries(this.fields.filter(differs).map(({ name, value }) => [name, value]));
  }

  keep() {
    setDraft(this.key, this.typed());
    this.unsaved.hidden = !drafts.has(this.key);
  }

  discard() {
    setDraft(this.key, {});
    this.show(this.shot);
    this.fields[0].focus();
  }

  async save() {
    const { job, shot, key } = this;
    const body = this.typed();
    if (!Object.keys(body).length) {
      toast('Nothing was changed.');
      return;
    }
    this.submit.setAttribute('aria-busy', 'true');
    await attempt(async () => {
      await send('PUT', jobPath(job, `/shots/${shot.shot_idx}`), { body });
      // The shot may have been read again meanwhile, from before the change.
      Object.assign(this.key === key ? this.shot : shot, body);
      // What was typed since the call stays a draft.
      const left = Object.entries(drafts.get(key) ?? {}).filter(([name, v]) => v !== body[name]);
      setDraft(key, Object.fromEntries(left));
      toast('Saved');
      if (this.key === key) this.show(this.shot);
      this.changed();
    });
    this.submit.removeAttribute('aria-busy');
  }
}
