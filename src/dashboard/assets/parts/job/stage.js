// How far a job is: its video, its result, its progress, or why it waits.
import { get, isVideo, mediaUrl } from '../../app/api.js';
import { h, put, setText, steady } from '../dom.js';
import { between, duration, exact, left, now, percent, plural, rough } from '../format.js';
import { since, ticking, when } from '../format.js';
import { newestFrame } from '../shots.js';
import { bar, isStuck, setBar, shape, standing } from '../status.js';
import { jobName, user } from '../text.js';
import { skeleton } from '../ui.js';
import { play, unload } from '../video.js';

const RAN = ['processing', 'failed', 'cancelled'];

/** Start of the attempt that runs, or ran last. */
const started = (job, events) =>
  events.findLast((event) => event.kind === 'started')?.created_at ?? job.started_at;

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
  constructor(page) {
    this.page = page;
    this.playing = null;
    this.el = h('section.panel.stage-panel', { 'aria-label': 'Progress' }, skeleton(3));
  }

  show() {
    const { job } = this.page;
    if (job.status === 'completed') this.showResult(job);
    else this.showProgress(job);
  }

  /** Plays the video again after a dialog used the one element of the page. */
  resume() {
    this.playing?.();
  }

  showResult(job) {
    const path = job.result?.final_video_path ?? job.result?.video_path;
    const url = mediaUrl(path);
    steady(this.el, ['completed', url, path], () => {
      if (url && isVideo(url)) this.putVideo(job, url);
      else this.putResult(job, url, path);
    });
  }

  putVideo(job, url) {
    const { page } = this;
    const box = h('div.stage-box');
    const download = h('a', { href: url, download: true }, 'Download');
    const line = h('span', 'Completed ', when(job.completed_at));
    put(this.el, box, h('p.row.between.small', line, download));
    this.playing = () => play(box, url, newestFrame(page.shots), `Video of ${jobName(page.job)}`);
    if (!page.dialogOpen) this.playing();
  }

  putResult(job, url, path) {
    const result = url ? h('a', { href: url }, user(path)) : h('code', user(path));
    put(
      this.el,
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
    if (this.playing) {
      this.playing = null;
      unload();
    }
    steady(this.el, job.status, () => this.build(job));
    setBar(this.progress, job.progress, standing(job)[0], `${Math.floor(job.progress)} percent`);
    setText(this.value, percent(job.progress));
    steady(this.name, [job.current_stage, job.status, job.run_at], () => this.showName(job));
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
    put(
      this.el,
      h('div.stage-top', this.value, this.name),
      this.progress,
      h(
        'p.facts',
        this.shots,
        RAN.includes(job.status) && job.started_at && this.elapsed(running),
        running && this.remaining(),
        running && job.worker_id && h('span', 'on ', user(job.worker_id)),
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

  remaining() {
    return ticking(h('span'), () => {
      const { job, events } = this.page;
      const rest = isStuck(job) ? null : left(job, started(job, events));
      return rest >= 1 ? `about ${rough(rest)} left` : '';
    });
  }

  whyItWaits(job) {
    if (job.run_at && Date.parse(job.run_at) > now()) {
      const text = job.attempt ? 'Tries again ' : 'Scheduled to run ';
      return h('span', text, when(job.run_at));
    }
    if (this.stats) return reason(job, this.stats);
    this.loadStats().catch(() => {});
    return 'Waits for a worker';
  }

  async loadStats() {
    const { signal, alive } = this.page;
    this.stats = await get('/stats', { signal });
    const { job } = this.page;
    if (alive() && job.status === 'queued') put(this.name, this.whyItWaits(job));
  }
}
