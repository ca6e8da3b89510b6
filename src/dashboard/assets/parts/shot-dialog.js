// One shot, large: its frames, its clip and its descriptions.
import { jobPath, mediaUrl, send } from '../app/api.js';
import { attempt, dialog, submitButton, toast } from './dialogs.js';
import { h, put, setText, steady } from './dom.js';
import { plural } from './format.js';
import { icon } from './icons.js';
import { frames, shotName } from './shots.js';
import { plainBadge } from './status.js';
import { user } from './text.js';
import { play, unload } from './video.js';

const FILES = [
  ['Clip', 'video_path'],
  ['First frame', 'first_frame_path'],
  ['Last frame', 'last_frame_path'],
];

function picture(url, i) {
  const caption = i ? 'Last frame' : 'First frame';
  const img = h('img', { src: url, alt: caption, width: 480, height: 270, loading: 'lazy' });
  return h('figure', img, h('figcaption.small', caption));
}

const nothing = (shot) =>
  shot.status === 'completed'
    ? 'This shot is done; its files are not under the media folder.'
    : 'Nothing to see yet: its frames show up here as they are made.';

function camera(shot) {
  const number = (shot.camera_idx ?? null) !== null && `camera ${shot.camera_idx}`;
  return h('span.small', number, shot.variation_type && user(shot.variation_type));
}

function content(shot) {
  const clip = mediaUrl(shot.video_path);
  const stage = clip && h('div.stage-box');
  const pictures = frames(shot).map(picture);
  const outside = FILES.filter(([, field]) => shot[field] && !mediaUrl(shot[field]));
  if (clip) play(stage, clip, frames(shot)[0], `Clip of ${shotName(shot)}`);
  return [
    h('div.row.between', plainBadge(shot.status), camera(shot)),
    shot.error && h('div.error-text', user(shot.error)),
    stage,
    pictures.length > 0 && h('div.pictures', pictures),
    !clip && !pictures.length && h('div.empty', h('p', nothing(shot))),
    outside.map(([label, field]) => h('p.small', `${label}: `, h('code', user(shot[field])))),
  ];
}

const TEXTS = [
  ['visual_desc', 'What is seen'],
  ['motion_desc', 'What moves'],
  ['audio_desc', 'What is heard'],
];

/** What of a shot is shown above the form. */
function pictured(shot) {
  const { status, error, camera_idx: camera, variation_type: variation } = shot;
  return [shotName(shot), status, error, camera, variation, FILES.map(([, field]) => shot[field])];
}

function storedDrafts() {
  try {
    return new Map(JSON.parse(sessionStorage.getItem('callsheet.shots')) ?? []);
  } catch {
    return new Map();
  }
}

/** Descriptions that were typed and not saved, by job and shot. They outlive dialog and page. */
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

/** One shot of the dialog: what is shown of it, and the form of its descriptions. */
class ShotView {
  constructor({ job, changed, steps }) {
    Object.assign(this, { job, changed, shot: null, el: h('div.shot-dialog') });
    this.content = h('div.shot-content');
    this.said = h('p');
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
    const form = h(
      'form',
      { onsubmit, oninput: () => this.keep() },
      this.said,
      TEXTS.map(label),
      this.unsaved,
      h('div.row.between', h('span.row', steps), this.submit),
    );
    put(this.el, this.content, form);
  }

  get key() {
    return `${this.job}/${this.shot.shot_idx}`;
  }

  /** Shows the shot as it is now. What is being typed stays. */
  show(shot) {
    const another = this.shot?.shot_idx !== shot.shot_idx;
    this.shot = shot;
    steady(this.content, pictured(shot), () => {
      unload();
      put(this.content, content(shot));
    });
    this.said.hidden = !shot.description;
    steady(this.said, shot.description, () => put(this.said, user(shot.description)));
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

/**
 * Opens the shot at `at` of `shots()`, which returns them as they are now; arrow keys lead to its
 * neighbours. Calls `moved(at)` when another is shown, and `changed()` after descriptions changed.
 * `closed` resolves when it is closed; `refresh()` shows the shots as they are now.
 */
export function shotDialog({ job, shots, at, moved, changed }) {
  let now = at;
  let title = null;
  const back = h('button.button', { onclick: () => step(-1) }, icon('back', 18), 'Before');
  const next = h('button.button', { onclick: () => step(1) }, 'Next', icon('next', 18));
  const view = new ShotView({ job, changed, steps: [back, next] });
  const refresh = () => {
    const { length } = shots();
    const shot = shots()[now];
    if (!shot) return;
    setText(title, `${shotName(shot)} of ${plural(length, 'shot')}`);
    back.disabled = now === 0;
    next.disabled = now === length - 1;
    view.show(shot);
  };
  const step = (by) => {
    if (!shots()[now + by]) return;
    now += by;
    moved(now);
    refresh();
  };
  const build = (close, el) => {
    title = el.querySelector('h2');
    el.addEventListener('keydown', (event) => {
      if (event.target.closest('textarea, input, video')) return;
      if (event.key === 'ArrowLeft') step(-1);
      if (event.key === 'ArrowRight') step(1);
    });
    refresh();
    return view.el;
  };
  const closed = dialog('Shot', build, { wide: true }).finally(() => {
    unload();
    if (drafts.has(view.key)) toast('What you typed is kept: open the shot again to save it.');
  });
  return { closed, refresh };
}
