// The one video element of the dashboard: a browser asks the server for each element of a page.
import { h, local, put } from './dom.js';

export const video = h('video.player', { controls: true, playsinline: true, preload: 'metadata' });

const MISSING =
  'This file cannot be played: it is missing, cut off, or of a kind that the browser does not ' +
  'know. ';

/** Stops the video and its download. */
export function unload() {
  video.onloadedmetadata = video.onerror = null;
  video.pause();
  video.removeAttribute('src');
  video.removeAttribute('poster');
  video.load();
  video.remove();
}

/** Puts the video into `into`. `failed` is called when the file cannot be played. */
export function play(into, src, poster, label, failed) {
  const missing = h('p.small.bad', { hidden: true }, MISSING, h('a', { href: src }, 'Open it'));
  if (poster) video.poster = local(poster);
  else video.removeAttribute('poster');
  video.setAttribute('aria-label', label);
  video.onerror = () => {
    missing.hidden = false;
    failed?.();
  };
  video.onloadedmetadata = null;
  video.src = local(src);
  put(into, video, missing);
}

/** Goes to the second that `at(length)` returns, when the length of the video is known. */
export function seek(at) {
  const go = () => {
    if (Number.isFinite(video.duration)) video.currentTime = at(video.duration);
  };
  if (video.readyState > 0) go();
  else {
    video.onloadedmetadata = go;
    // Only its beginning may have been asked for.
    video.preload = 'metadata';
  }
}
