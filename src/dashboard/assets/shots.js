// The shots of a job: pictures first. A tile opens its frames, its clip and its descriptions.
import { h, icon, keyed, put, setText, user } from './dom.js';
import { isVideo, jobPath, mediaUrl, send } from './api.js';
import { exact, plural } from './format.js';
import { WORDS, ink, plainBadge, shape } from './status.js';
import { dialog, failed, toast } from './ui.js';

const PAGE = 60;

/** The one video of the page: a page with three hundred of them asks the server for each. */
export const video = h('video', {
  controls: true,
  playsinline: true,
  preload: 'metadata',
  class: 'player',
});
video.addEventListener('error', () => {
  if (video.getAttribute('src')) video.dispatchEvent(new CustomEvent('unplayable'));
});

export function unload() {
  video.pause();
  video.removeAttribute('src');
  video.removeAttribute('poster');
  video.load();
  video.remove();
}

export function play(into, src, poster, label) {
  const missing = h(
    'p.small.bad',
    { hidden: true },
    'This file can not be played: it is missing, or of a kind that the browser does not know. ',
    h('a', { href: src }, 'Open it'),
  );
  if (poster) video.poster = poster;
  else video.removeAttribute('poster');
  video.setAttribute('aria-label', label);
  video.onerror = () => {
    missing.hidden = false;
  };
  video.src = src;
  put(into, video, missing);
}

const frames = (shot) =>
  [shot.first_frame_path, shot.last_frame_path].map(mediaUrl).filter((url) => url && !isVideo(url));
export const newestFrame = (shots) => shots.flatMap(frames).at(-1) ?? null;
const words = (shot) => shot.description || shot.visual_desc || shot.motion_desc || '';
const name = (shot) =>
  `${shot.scene_idx === null || shot.scene_idx === undefined ? '' : `Scene ${shot.scene_idx} · `}Shot ${shot.shot_idx}`;

export function shotGrid({ open }) {
  const grid = h('div.shots');
  const strip = h('div.strip');
  const counts = h('span.small');
  const onlyFailed = h('input', {
    type: 'checkbox',
    onchange: () => {
      page = 0;
      paint();
    },
  });
  const only = h('label.check', { hidden: true }, onlyFailed, 'Failed only');
  const pager = h('div.pages-row', { hidden: true });
  const el = h(
    'section.panel',
    { 'aria-label': 'Shots' },
    h('header', h('h2', 'Shots'), counts, only),
    strip,
    grid,
    pager,
  );
  let shots = [],
    page = 0;

  function tile({ shot, at }) {
    const picture = h('div.frame');
    const badge = h('span.tile-status'),
      label = h('span.tile-text');
    const button = h(
      'button.shot',
      { onclick: () => open(at) },
      picture,
      h('span.tile-line', h('b', String(shot.shot_idx)), badge),
      label,
    );
    return Object.assign(button, { picture, badge, label });
  }

  function updateTile(el, { shot }) {
    el.setAttribute('aria-label', `${name(shot)}, ${WORDS[shot.status] ?? shot.status}`);
    el.className = `shot i-${ink(shot.status)}`;
    if (el.badge.dataset.status !== shot.status) {
      el.badge.dataset.status = shot.status;
      put(el.badge, plainBadge(shot.status));
    }
    const text = shot.error || words(shot);
    if (el.label.dataset.text !== text) {
      el.label.dataset.text = text;
      put(el.label, user(text));
    }
    const url = frames(shot)[0] ?? null,
      clip = mediaUrl(shot.video_path);
    const key = `${url}|${clip}|${shot.status}`;
    if (el.picture.dataset.key === key) return;
    el.picture.dataset.key = key;
    const blank = () => h('span.blank', shape(shot.status, 24));
    put(
      el.picture,
      url
        ? h('img', {
            src: url,
            alt: '',
            width: 192,
            height: 108,
            loading: 'lazy',
            decoding: 'async',
            onerror: (e) => e.target.replaceWith(blank()),
          })
        : blank(),
      clip && h('span.has-clip', icon('play', 14)),
    );
  }

  function paint() {
    const many = shots.length > PAGE;
    const bad = shots.filter((shot) => shot.status === 'failed').length;
    const done = shots.filter((shot) => shot.status === 'completed').length;
    setText(
      counts,
      `${exact(done)} of ${exact(shots.length)} done${bad ? `, ${exact(bad)} failed` : ''}`,
    );
    only.hidden = bad === 0;
    if (!bad) onlyFailed.checked = false;
    const listed = shots
      .map((shot, at) => ({ shot, at }))
      .filter(({ shot }) => !onlyFailed.checked || shot.status === 'failed');
    const pages = Math.max(1, Math.ceil(listed.length / PAGE));
    page = Math.min(page, pages - 1);
    keyed(grid, listed.slice(page * PAGE, (page + 1) * PAGE), ({ at }) => at, tile, updateTile);
    strip.hidden = !many;
    if (many) showStrip();
    pager.hidden = pages === 1;
    put(
      pager,
      h(
        'span.small',
        `${page * PAGE + 1}–${Math.min(listed.length, (page + 1) * PAGE)} of ${exact(listed.length)}`,
      ),
      h(
        'span',
        { class: 'row' },
        h(
          'button.button',
          {
            disabled: page === 0,
            onclick: () => {
              page -= 1;
              paint();
            },
          },
          icon('back', 16),
          'Back',
        ),
        h(
          'button.button',
          {
            disabled: page === pages - 1,
            onclick: () => {
              page += 1;
              paint();
            },
          },
          'Next',
          icon('next', 16),
        ),
      ),
    );
  }

  /** All shots as one line of cells: where the failed ones are is seen at a glance. */
  function showStrip() {
    const key = shots.map((shot) => shot.status[0]).join('');
    if (strip.dataset.key === key) return;
    strip.dataset.key = key;
    strip.setAttribute('role', 'img');
    strip.setAttribute('aria-label', 'Map of all shots');
    const runs = [];
    for (const shot of shots) {
      const tone = ink(shot.status);
      if (runs.at(-1)?.tone === tone) runs.at(-1).n += 1;
      else runs.push({ tone, n: 1 });
    }
    put(
      strip,
      runs.map((run) =>
        h('span', { class: `i-${run.tone}`, style: { 'flex-grow': String(run.n) } }),
      ),
    );
    strip.onclick = (e) => {
      const box = strip.getBoundingClientRect();
      onlyFailed.checked = false;
      page = Math.floor((shots.length * (e.clientX - box.left)) / box.width / PAGE);
      paint();
    };
  }

  return Object.assign(el, {
    show(next) {
      shots = next;
      paint();
    },
  });
}

/** One shot, large; arrow keys lead to its neighbours. `get()` gives the shots as they are now. */
export function shotDialog({ job, shots, at, moved, changed }) {
  let now = at;
  return dialog(
    'Shot',
    (close, el) => {
      const body = h('div.shot-dialog');
      const title = el.querySelector('h2');
      const step = (by) => {
        const to = now + by;
        if (to < 0 || to >= shots().length) return;
        now = to;
        moved(to);
        show();
      };
      el.addEventListener('keydown', (event) => {
        if (event.target.closest('textarea, input, video')) return;
        if (event.key === 'ArrowLeft') step(-1);
        if (event.key === 'ArrowRight') step(1);
      });
      const back = h('button.button', { onclick: () => step(-1) }, icon('back', 18), 'Before');
      const next = h('button.button', { onclick: () => step(1) }, 'Next', icon('next', 18));
      function show() {
        unload();
        const shot = shots()[now];
        setText(title, `${name(shot)} of ${plural(shots().length, 'shot')}`);
        back.disabled = now === 0;
        next.disabled = now === shots().length - 1;
        const clip = mediaUrl(shot.video_path);
        const stage = h('div.stage-box');
        if (clip) play(stage, clip, frames(shot)[0], `Clip of ${name(shot)}`);
        const pictures = frames(shot).map((url, i) =>
          h(
            'figure',
            h('img', {
              src: url,
              alt: `${i ? 'Last' : 'First'} frame`,
              width: 480,
              height: 270,
              loading: 'lazy',
            }),
            h('figcaption.small', i ? 'Last frame' : 'First frame'),
          ),
        );
        const outside = [
          ['Clip', shot.video_path],
          ['First frame', shot.first_frame_path],
          ['Last frame', shot.last_frame_path],
        ].filter(([, path]) => path && !mediaUrl(path));
        put(
          body,
          h(
            'div.row.between',
            plainBadge(shot.status),
            h(
              'span.small',
              [
                shot.camera_idx !== null &&
                  shot.camera_idx !== undefined &&
                  `camera ${shot.camera_idx}`,
                shot.variation_type && user(shot.variation_type),
              ].filter(Boolean),
            ),
          ),
          shot.error && h('div.error-text', user(shot.error)),
          clip && stage,
          pictures.length > 0 && h('div.pictures', pictures),
          !clip &&
            !pictures.length &&
            h(
              'div.empty',
              h(
                'p',
                shot.status === 'completed'
                  ? 'This shot is done; its files are not under the media folder.'
                  : 'Nothing to see yet: its frames show up here as they are made.',
              ),
            ),
          outside.map(([label, path]) => h('p.small', `${label}: `, h('code', user(path)))),
          form(shot),
        );
      }
      function form(shot) {
        const area = (field, label) =>
          h(
            'label.field',
            h('span', label),
            h('textarea', { name: field, rows: 2, dir: 'auto', value: shot[field] ?? '' }),
          );
        const save = h('button.button.primary.act', { type: 'submit' }, 'Save descriptions');
        return h(
          'form',
          {
            onsubmit: async (event) => {
              event.preventDefault();
              const fields = Object.fromEntries(
                [...new FormData(event.target)].filter(
                  ([key, value]) => value !== (shot[key] ?? ''),
                ),
              );
              if (!Object.keys(fields).length) {
                toast('Nothing was changed.');
                return;
              }
              save.setAttribute('aria-busy', 'true');
              try {
                await send('PUT', jobPath(job, `/shots/${shot.shot_idx}`), { body: fields });
                Object.assign(shot, fields);
                toast('Saved');
                changed();
              } catch (error) {
                failed(error);
              } finally {
                save.removeAttribute('aria-busy');
              }
            },
          },
          shot.description && h('p', user(shot.description)),
          area('visual_desc', 'What is seen'),
          area('motion_desc', 'What moves'),
          area('audio_desc', 'What is heard'),
          h('div.row.between', h('span.row', back, next), save),
        );
      }
      show();
      return body;
    },
    { wide: true },
  ).finally(unload);
}
