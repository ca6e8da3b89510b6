// Frames of clips, which are drawn when they are seen.
import { h, local, put } from './dom.js';
import { HEIGHT, WIDTH, word } from './picture.js';

/** A clip that has not shown a frame after this time has none. */
const PATIENCE_MS = 10000;

/** Frames that are kept, so that a tile that comes back is not drawn again. */
const KEPT = 120;

const drawn = new Map();
const waiting = [];
let busy = false;
let grabber = null;

function once(el, types) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(reject), PATIENCE_MS);
    const good = () => end(resolve);
    const bad = () => end(reject);
    const end = (settle) => {
      clearTimeout(timer);
      for (const type of types) el.removeEventListener(type, good);
      el.removeEventListener('error', bad);
      settle();
    };
    for (const type of types) el.addEventListener(type, good);
    el.addEventListener('error', bad);
  });
}

/** The part of a frame that fills the picture, as `object-fit: cover` does. */
function drawFrame(video) {
  const { videoWidth: width, videoHeight: height } = video;
  if (!width || !height) throw new Error('no picture');
  const scale = Math.max(WIDTH / width, HEIGHT / height);
  const [w, t] = [WIDTH / scale, HEIGHT / scale];
  const canvas = h('canvas', { width: WIDTH, height: HEIGHT, 'aria-hidden': 'true' });
  const from = [(width - w) / 2, (height - t) / 2, w, t];
  canvas.getContext('2d').drawImage(video, ...from, 0, 0, WIDTH, HEIGHT);
  return canvas;
}

async function grab(url) {
  grabber ??= h('video', { muted: true, playsinline: true, preload: 'auto' });
  const loaded = once(grabber, ['loadeddata']);
  grabber.src = local(url);
  grabber.load();
  try {
    await loaded;
    const middle = Number.isFinite(grabber.duration) ? grabber.duration / 2 : 0;
    const sought = once(grabber, ['seeked']);
    grabber.currentTime = Math.min(1, middle);
    await sought;
    return drawFrame(grabber);
  } finally {
    grabber.removeAttribute('src');
    grabber.load();
  }
}

/** A canvas is in one place at a time: another place gets a copy. */
function copyOf(canvas) {
  const copy = canvas.cloneNode(false);
  copy.getContext('2d').drawImage(canvas, 0, 0);
  return copy;
}

function keep(url, canvas) {
  drawn.set(url, canvas);
  if (drawn.size > KEPT) drawn.delete(drawn.keys().next().value);
}

async function drawNext() {
  const next = waiting.shift();
  if (!next || busy) return;
  const { el, clip } = next;
  busy = true;
  try {
    if (el.isConnected && el.clip === clip) {
      if (!drawn.has(clip)) keep(clip, await grab(clip));
      if (el.clip === clip) el.replaceChildren(copyOf(drawn.get(clip)));
    }
  } catch {
    if (el.clip === clip) put(el, word('Clip cannot be read'));
  }
  busy = false;
  drawNext();
}

const seen = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      if (target.clip) waiting.push({ el: target, clip: target.clip });
    }
    drawNext();
  },
  { rootMargin: '100px' },
);

/** Draws a frame of the clip into `el` when it is in sight. */
export function drawClip(el, clip) {
  if (drawn.has(clip)) put(el, copyOf(drawn.get(clip)));
  else seen.observe(el);
}
