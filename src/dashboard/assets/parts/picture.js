// Pictures of shots and jobs: an image, or a frame of a clip.
import { isVideo, mediaUrl } from '../app/api.js';
import { h, put, steady } from './dom.js';
import { icon } from './icons.js';

/** Size of a picture, in pixels. */
export const [WIDTH, HEIGHT] = [320, 180];

const image = { alt: '', width: WIDTH, height: HEIGHT, loading: 'lazy', decoding: 'async' };

/** A word in place of a picture. */
export const word = (text) => h('span.blank.small', icon('film', 18), h('span', text));

/** Shows a frame of the clip as soon as the module that draws it is there. */
function showClip(el, clip, blank) {
  el.clip = clip;
  put(el, blank);
  // Without a connection the place stays blank.
  import('./clip-frames.js').then(
    ({ drawClip }) => el.clip === clip && drawClip(el, clip),
    () => {},
  );
}

/** The address of an image on this server; null for any other path. */
export function still(path) {
  const url = mediaUrl(path);
  return url && !isVideo(url) ? url : null;
}

/** What can be seen of a job of a list whose view is a preview. */
export function sightOfJob(job) {
  const { poster_path: poster, newest_frame_path: frame, newest_clip_path: film } = job;
  const url = mediaUrl(film);
  return {
    picture: still(poster) ?? still(frame) ?? still(film),
    clip: url && isVideo(url) ? url : null,
  };
}

/** Shows what can be seen of a job. */
export function showJobPicture(el, job) {
  const sight = sightOfJob(job);
  steady(el, sight, () => showPicture(el, sight, () => icon('film', 20)));
}

/**
 * Shows the image in `el`, else a frame of the clip, else `blank()`. Files that are missing or
 * cannot be read become a word.
 */
export function showPicture(el, { picture, clip }, blank) {
  el.clip = null;
  const missing = ({ target }) => {
    if (!target.parentNode) return;
    if (clip) showClip(el, clip, blank());
    else put(el, word('Picture missing'));
  };
  if (picture) put(el, h('img', { src: picture, ...image, onerror: missing }));
  else if (clip) showClip(el, clip, blank());
  else put(el, blank());
}
