// One shot, large: its frames, its clip and its descriptions.
import { jobPath, mediaUrl, send } from '../app/api.js';
import { attempt, dialog, submitButton, toast } from './dialogs.js';
import { h, put, setText } from './dom.js';
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

async function save(job, shot, target, changed) {
  const entries = [...new FormData(target)].filter(([key, value]) => value !== (shot[key] ?? ''));
  if (!entries.length) {
    toast('Nothing was changed.');
    return;
  }
  const body = Object.fromEntries(entries);
  const button = target.querySelector('[type=submit]');
  button.setAttribute('aria-busy', 'true');
  await attempt(async () => {
    await send('PUT', jobPath(job, `/shots/${shot.shot_idx}`), { body });
    Object.assign(shot, body);
    toast('Saved');
    changed();
  });
  button.removeAttribute('aria-busy');
}

function descriptions(job, shot, changed, steps) {
  const area = (name, label) => {
    const input = h('textarea', { name, rows: 2, dir: 'auto', value: shot[name] ?? '' });
    return h('label.field', h('span', label), input);
  };
  const onsubmit = (event) => {
    event.preventDefault();
    save(job, shot, event.target, changed);
  };
  return h(
    'form',
    { onsubmit },
    shot.description && h('p', user(shot.description)),
    area('visual_desc', 'What is seen'),
    area('motion_desc', 'What moves'),
    area('audio_desc', 'What is heard'),
    h('div.row.between', h('span.row', steps), submitButton('Save descriptions')),
  );
}

/**
 * Opens the shot at `at` of `shots()`, which returns them as they are now; arrow keys lead to its
 * neighbours. Calls `moved(at)` when another is shown, and `changed()` after descriptions changed.
 */
export function shotDialog({ job, shots, at, moved, changed }) {
  let now = at;
  const build = (close, el) => {
    const body = h('div.shot-dialog');
    const back = h('button.button', { onclick: () => step(-1) }, icon('back', 18), 'Before');
    const next = h('button.button', { onclick: () => step(1) }, 'Next', icon('next', 18));
    const step = (by) => {
      if (!shots()[now + by]) return;
      now += by;
      moved(now);
      show();
    };
    const show = () => {
      unload();
      const shot = shots()[now];
      const { length } = shots();
      setText(el.querySelector('h2'), `${shotName(shot)} of ${plural(length, 'shot')}`);
      back.disabled = now === 0;
      next.disabled = now === length - 1;
      put(body, content(shot), descriptions(job, shot, changed, [back, next]));
    };
    el.addEventListener('keydown', (event) => {
      if (event.target.closest('textarea, input, video')) return;
      if (event.key === 'ArrowLeft') step(-1);
      if (event.key === 'ArrowRight') step(1);
    });
    show();
    return body;
  };
  return dialog('Shot', build, { wide: true }).finally(unload);
}
