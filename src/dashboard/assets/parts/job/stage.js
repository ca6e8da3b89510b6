// How far a job is: its film, its result, its progress, or why it waits.
import { get, isVideo, mediaUrl } from '../../app/api.js';
import { h, put, setText, steady } from '../dom.js';
import { between, duration, exact, left, now, percent, plural, rough } from '../format.js';
import { since, ticking, when } from '../format.js';
import { bar, isStuck, setBar, shape, standing } from '../status.js';
import { jobName, user } from '../text.js';
import { skeleton } from '../ui.js';
import { noticeButton } from './notice.js';
import { newestFrame } from './shots.js';

const RAN = ['processing', 'failed', 'cancelled'];

/** Start of the attempt that runs, or ran last. */
const started = (job, events) =>
  events.findLast((event) => event.kind === 'started')?.created_at ?? job.started_at;

/** The film that the result names; `url` is null if it is not on this server. */
export function filmOf(job) {
  const path = job.result?.final_video_path ?? job.result?.video_path;
  const url = mediaUrl(path);
  return { path, url, plays: Boolean(url && isVideo(url)) };
}

/** The name under which the film is saved: its title, as far as file systems take it. */
export function fileName(job, url) {
  const kind = /\.\w+$/.exec(url.split('?')[0])?.[0] ?? '';
  const title = (job.project_title || job.job_id).replace(/[^\p{L}\p{N} ._-]+/gu, ' ').trim();
  return `${title.slice(0, 80) || 'film'}${kind}`;
}

/** Why no worker has taken the job yet, from the server's statistics. */
function reason(job, stats) {
  const { alive = 0, busy = 0 } = stats.workers ?? {};
  const queue = stats.by_type?.find((type) => type.job_type === job.job_type);
  const link = (text) => h('a', { href: '/workers' }, text);
  if (queue?.paused) {
    return h('span', 'The queue ', h('b', job.job_type), ' is paused. ', link('Queues'));
  }
  if (!alive) return h('span', 'No worker is there to take it. ', link('Workers'));
  if (alive === busy) return `Waits: all ${plural(alive, 'worker')} busy`;
  return 'Waits for a worker that takes this type';
}

export class Stage {
  /** `page` has the `job`, its `events` and its `shots`. */
  constructor(page, player) {
    Object.assign(this, { page, player });
    this.top = h('div.stage-head', skeleton(3));
    this.end = h('div');
    const label = { 'aria-label': 'Progress' };
    this.el = h('section.panel.stage-panel', label, this.top, player.el, this.end);
  }

  show() {
    const { job } = this.page;
    const { shots } = this.page;
    const film = job.status === 'completed' ? filmOf(job) : {};
    if (job.status === 'completed') this.showResult(job, film);
    else this.showProgress(job);
    const poster = mediaUrl(job.result?.poster_path ?? job.result?.thumbnail_path);
    this.player.show({
      film: film.plays ? film.url : null,
      poster: poster ?? newestFrame(shots),
      label: `Video of ${jobName(job)}`,
      shots,
    });
  }

  showResult(job, { url, path, plays }) {
    steady(this.el, ['completed', url, path], () => {
      put(this.end);
      if (plays) this.putFilm(job, url);
      else this.putResult(job, url, path);
    });
  }

  putFilm(job, url) {
    put(this.top);
    const name = fileName(job, url);
    const text = `Download “${name}”`;
    const download = h('a.button', { href: url, download: name }, text);
    const line = h('span', 'Completed ', when(job.completed_at));
    put(this.end, h('p.row.between.small', line, download));
  }

  putResult(job, url, path) {
    const result = url ? h('a', { href: url }, user(path)) : h('code', user(path));
    put(
      this.top,
      h(
        'div.done-line.i-completed',
        shape('completed', 20),
        h(
          'div',
          h('b', 'Completed'),
          ' ',
          when(job.completed_at),
          path && h('p.small', 'Result: ', result),
        ),
      ),
    );
  }

  showProgress(job) {
    steady(this.el, job.status, () => this.build(job));
    setBar(this.progress, job.progress, standing(job)[0], `${Math.floor(job.progress)} percent`);
    setText(this.value, percent(job.progress));
    const named = [job.current_stage, job.status, job.run_at, job.queue_position];
    steady(this.name, [...named, job.estimated_start_at], () => this.showName(job));
    const shots = `${exact(job.completed_shots)} of ${plural(job.total_shots, 'shot')}`;
    setText(this.shots, job.total_shots ? shots : '');
  }

  showName(job) {
    if (job.status === 'queued') put(this.name, this.whyItWaits(job));
    else {
      const fallback = job.status === 'processing' ? 'No stage reported yet' : '';
      put(this.name, user(job.current_stage, fallback));
    }
  }

  build(job) {
    this.progress = bar('Progress');
    this.value = h('span.huge');
    this.name = h('span.stage-name');
    this.shots = h('span');
    const running = job.status === 'processing';
    put(this.end);
    put(
      this.top,
      h('div.stage-top', this.value, this.name),
      this.progress,
      h(
        'p.facts',
        this.shots,
        RAN.includes(job.status) && job.started_at && this.elapsed(running),
        running && this.remaining(),
        running && job.worker_id && h('span', 'on ', user(job.worker_id)),
        (running || job.status === 'queued') && noticeButton(job.job_id),
      ),
    );
  }

  elapsed(running) {
    return ticking(h('span'), () => {
      const { job, events } = this.page;
      const start = running ? started(job, events) : job.started_at;
      const seconds = job.completed_at ? between(start, job.completed_at) : since(start);
      return `${running ? 'running' : 'ran'} ${duration(Math.round(seconds))}`;
    });
  }

  /** By the durations of its type, else by its progress; a silent worker makes no promise. */
  remaining() {
    return ticking(h('span'), () => {
      const { job } = this.page;
      if (isStuck(job)) return `last heard ${rough(since(job.updated_at))} ago`;
      const foreseen = job.estimated_end_at ? -since(job.estimated_end_at) : 0;
      const rest = foreseen >= 1 ? foreseen : left(job, started(job, this.page.events));
      if (rest >= 1) return `about ${rough(rest)} left`;
      return job.estimated_end_at ? 'takes longer than most of its type' : '';
    });
  }

  whyItWaits(job) {
    const text = job.attempt ? 'Tries again ' : 'Scheduled to run ';
    const later = job.run_at && Date.parse(job.run_at) > now();
    const why = later ? h('span', text, when(job.run_at)) : this.reasonOf(job);
    return h('span', why, this.placeOf(job));
  }

  reasonOf(job) {
    if (this.stats) return reason(job, this.stats);
    this.loadStats().catch(() => {});
    return 'Waits for a worker';
  }

  /** Place in line, and when the job is likely to start. */
  placeOf({ queue_position: place, estimated_start_at: start }) {
    const line = place === 1 ? 'next in line' : place && `${exact(place)} in line`;
    const soon = () => (since(start) < -1 ? `in about ${rough(-since(start))}` : 'any moment');
    return h(
      'span.small.place',
      line && ` · ${line}`,
      start && [' · starts ', ticking(h('span'), soon)],
    );
  }

  async loadStats() {
    const { signal, alive } = this.page;
    this.stats = await get('/stats', { signal });
    const { job } = this.page;
    if (alive() && job.status === 'queued') put(this.name, this.whyItWaits(job));
  }
}
