// One shot beside its film: its pictures, texts and data, and what can be done with it.
import { get, jobPath, mediaUrl, query, send } from '../../app/api.js';
import { inputsOf } from '../actions.js';
import { copyButton } from '../copy.js';
import { toast } from '../dialogs.js';
import { h, put, setText, steady } from '../dom.js';
import { between, duration, moment, plural } from '../format.js';
import { icon } from '../icons.js';
import { viewer } from '../json.js';
import { fact } from '../panel.js';
import { plainBadge } from '../status.js';
import { user } from '../text.js';
import { actionButton } from '../ui.js';
import { ShotForm } from './shot-form.js';
import { frames, shotName, sightOf } from './shots.js';

const FILES = [
  ['Clip', 'video_path'],
  ['First frame', 'first_frame_path'],
  ['Last frame', 'last_frame_path'],
];

/** A finger that moves so many pixels sideways turns to the next shot. */
const SWIPE = 60;

function picture(url, i) {
  const caption = i ? 'Last frame' : 'First frame';
  const figure = h('figure');
  const onerror = () => put(figure, h('p.small.bad', `${caption}: the picture is missing`));
  const img = h('img', {
    src: url,
    alt: caption,
    width: 320,
    height: 180,
    loading: 'lazy',
    onerror,
  });
  put(figure, img, h('figcaption.small', caption));
  return figure;
}

const nothing = (shot) =>
  shot.status === 'completed'
    ? 'This shot is done; its files are not under the media folder.'
    : 'Nothing to see yet: its frames show up here as they are made.';

function content(shot) {
  const { clip, picture: poster } = sightOf(shot);
  const pictures = frames(shot).map(picture);
  const outside = FILES.filter(([, field]) => shot[field] && !mediaUrl(shot[field]));
  const scene = (shot.scene_idx ?? null) !== null && `scene ${shot.scene_idx}`;
  const camera = (shot.camera_idx ?? null) !== null && `camera ${shot.camera_idx}`;
  const words = [scene, camera, shot.variation_type].filter(Boolean).join(' · ');
  return [
    h('div.row.between', plainBadge(shot.status), h('span.small', user(words))),
    shot.error &&
      h('div.error-text', user(shot.error), copyButton(shot.error, 'Copy the error of the shot')),
    pictures.length > 0 && h('div.pictures', pictures),
    !clip && !poster && !pictures.length && h('p.small', nothing(shot)),
    outside.map(([label, field]) => h('p.small', `${label}: `, h('code', user(shot[field])))),
    clip && h('a.small', { href: clip, download: true }, 'Download the clip'),
  ];
}

/** What of a shot is shown above the form. */
function shown(shot) {
  const { status, error, camera_idx: camera, variation_type: variation, scene_idx: scene } = shot;
  const files = FILES.map(([, field]) => shot[field]);
  return [shot.shot_idx, status, error, camera, variation, scene, shot.poster_path, files];
}

/** A number as money or anything else that a worker counts in. */
const costOf = (result) =>
  ['number', 'string'].includes(typeof result?.cost) ? String(result.cost) : null;

function facts(item) {
  const { started_at: from, completed_at: to, result } = item;
  const cost = costOf(result);
  return h(
    'dl.facts-list',
    fact('Key', h('code.wrap', user(item.key))),
    fact('Attempt', String(item.attempt)),
    fact('Started', from && moment(from)),
    fact('Ended', to && moment(to)),
    fact('Took', from && to && duration(between(from, to))),
    fact('Cost', cost && user(cost)),
  );
}

export class Inspector {
  /**
   * `page` has the `job` and its `shots`. `again(item)` renders a shot again; `step(by)` leads to
   * another one, `leave()` to none; `changed()` is called after descriptions changed.
   */
  constructor(page, { again, step, leave, changed }) {
    Object.assign(this, { page, again, at: null, turn: 0, item: null });
    this.title = h('h2', { tabindex: -1 });
    this.content = h('div.shot-content');
    this.text = h('p');
    this.form = new ShotForm(page.id, changed);
    this.tools = h('div.row');
    this.data = h('div.shot-data');
    const arrow = (label, name, by) =>
      h('button.button.quiet.icon', { 'aria-label': label, onclick: () => step(by) }, icon(name));
    this.back = arrow('Previous shot', 'back', -1);
    this.next = arrow('Next shot', 'next', 1);
    const close = { 'aria-label': 'Close the shot', onclick: leave };
    const buttons = h('span.row', this.back, this.next);
    buttons.append(h('button.button.quiet.icon', close, icon('cancel')));
    const { content: top, text, tools, data } = this;
    const body = h('div.panel-body', top, text, tools, this.form.el, data);
    const props = { 'aria-label': 'Shot', hidden: true };
    this.el = h('section.panel.inspector', props, h('header', this.title, buttons), body);
    this.el.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      leave();
    });
    this.listenToSwipes(step);
  }

  listenToSwipes(step) {
    let from = null;
    const point = (event) => event.changedTouches[0];
    this.el.addEventListener('touchstart', (event) => {
      from = point(event);
    });
    this.el.addEventListener('touchend', (event) => {
      if (!from || event.target.closest('textarea')) return;
      const [x, y] = [point(event).clientX - from.clientX, point(event).clientY - from.clientY];
      if (Math.abs(x) > SWIPE && Math.abs(x) > 2 * Math.abs(y)) step(x < 0 ? 1 : -1);
    });
  }

  /** Shows the shot at `at`, as it is now. */
  show(at) {
    const { shots } = this.page;
    const shot = shots[at];
    if (!shot) return;
    const another = at !== this.at;
    if (another && this.at !== null) this.sayKept();
    this.at = at;
    this.el.hidden = false;
    setText(this.title, `${shotName(at)} of ${plural(shots.length, 'shot')}`);
    this.back.disabled = at === 0;
    this.next.disabled = at === shots.length - 1;
    steady(this.content, shown(shot), () => put(this.content, content(shot)));
    this.text.hidden = !shot.description;
    steady(this.text, shot.description, () => put(this.text, user(shot.description)));
    this.form.show(shot);
    const state = [at, shot.status, shot.error, shot.video_path];
    steady(this.data, state, () => this.loadItem(at));
  }

  sayKept() {
    if (this.form.hasDraft()) toast('What you typed is kept: open the shot again to save it.');
  }

  hide() {
    if (this.at !== null) this.sayKept();
    this.at = null;
    this.el.hidden = true;
  }

  /** What only the item of the shot has: its times, its cost, all of its input and result. */
  async loadItem(at) {
    const mine = ++this.turn;
    const { id, signal } = this.page;
    try {
      const after = at > 0 ? at - 1 : null;
      const path = jobPath(id, `/items${query({ limit: 1, after })}`);
      const { data, text } = await send('GET', path, { signal });
      if (mine !== this.turn || !data.items[0]) return;
      this.showItem(data.items[0], text);
    } catch {
      if (mine === this.turn) put(this.data);
    }
  }

  showItem(item, text) {
    const again = () => actionButton('Render this shot again', 'retry', () => this.again(item));
    const json = text.slice(text.indexOf('[') + 1, text.lastIndexOf(']'));
    put(this.tools, inputOf(item) && again());
    put(this.data, facts(item), viewer('Item', json));
  }
}

/** What a shot is rendered from: its input, or the text of its worker; null if neither. */
const inputOf = ({ input, result }) =>
  input ?? (result?.description ? { visual_desc: result.description } : null);

/** A new job that renders one shot of a job again, with the same input. */
export async function renderAgain(id, item, headers) {
  const job = await get(jobPath(id));
  const context = { ...(job.context ?? {}), retry_of: id };
  const body = { ...inputsOf(job), context, items: [{ key: item.key, input: inputOf(item) }] };
  return (await send('POST', '/jobs', { body, headers })).data;
}
