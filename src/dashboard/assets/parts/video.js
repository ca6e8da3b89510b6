// The one video element of the dashboard: a browser asks the server for each element of a page.
import { h, local, put } from './dom.js';

const video = h('video.player', { controls: true, playsinline: true, preload: 'metadata' });

const MISSING =
  'This file cannot be played: it is missing, or of a kind that the browser does not know. ';

/** Stops the video and its download. */
export function unload() {
  video.pause();
  video.removeAttribute('src');
  video.removeAttribute('poster');
  video.load();
  video.remove();
}

export function play(into, src, poster, label) {
  const missing = h('p.small.bad', { hidden: true }, MISSING, h('a', { href: src }, 'Open it'));
  if (poster) video.poster = local(poster);
  else video.removeAttribute('poster');
  video.setAttribute('aria-label', label);
  video.onerror = () => {
    missing.hidden = false;
  };
  video.src = local(src);
  put(into, video, missing);
}
