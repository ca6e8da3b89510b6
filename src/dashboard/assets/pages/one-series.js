// One series: its progress, its episodes and its finished videos.
import { get, isVideo, query } from '../app/api.js';
import { setTitle } from '../app/router.js';
import { h, put } from '../parts/dom.js';
import { exact, when } from '../parts/format.js';
import { icon } from '../parts/icons.js';
import { panelPage } from '../parts/list-page.js';
import { panel } from '../parts/panel.js';
import { showJobPicture, sightOfJob } from '../parts/picture.js';
import { share, stacked } from '../parts/status.js';
import { jobName, jobTitle, jobUrl, user } from '../parts/text.js';
import { empty } from '../parts/ui.js';
import { play } from '../parts/video.js';

const jobsUrl = (filter) => `/jobs${query(filter)}`;

function summary(id, counts) {
  const failures = { href: jobsUrl({ series_id: id, status: 'failed' }) };
  const bad = h('a.bad', failures, `${exact(counts.failed)} failed`);
  return h(
    'div.rollup',
    stacked(counts, 'All jobs'),
    h(
      'p',
      share(counts),
      counts.processing > 0 && ` · ${exact(counts.processing)} running`,
      counts.failed > 0 && [' · ', bad],
      ' · ',
      h('a', { href: jobsUrl({ series_id: id }) }, 'all jobs'),
    ),
  );
}

const episodeRow = (one) =>
  h(
    'li',
    h('span.episode-no', one.number ?? '–'),
    h('a.title', { href: jobsUrl({ episode_id: one.episode_id }) }, user(one.title, 'Untitled')),
    stacked(one.jobs, 'Jobs'),
    h('span.small', share(one.jobs)),
  );

const NO_EPISODES = 'Make them with POST /api/v1/episodes; jobs name theirs by episode_id.';

const episodesPanel = (id, signal) =>
  panel('Episodes', {
    load: async () => {
      const path = `/episodes${query({ series_id: id, limit: 200, counts: true })}`;
      const { episodes } = await get(path, { signal });
      return episodes.sort((a, b) => (a.number ?? Infinity) - (b.number ?? Infinity));
    },
    render: (body, all) =>
      put(
        body,
        all.length ? h('ul.episode-list', all.map(episodeRow)) : empty('No episodes', NO_EPISODES),
      ),
  });

function videoCard(job, box) {
  const { clip } = sightOfJob(job);
  const plays = clip && isVideo(clip);
  const frame = h('span.frame');
  showJobPicture(frame, job);
  const show = () => {
    box.hidden = false;
    play(box, clip, sightOfJob(job).picture, jobName(job));
    box.scrollIntoView({ block: 'nearest' });
  };
  const label = { 'aria-label': `Play ${jobName(job)}`, onclick: show };
  const sight = plays
    ? h('button.sight', label, frame, h('span.has-clip', icon('play', 14)))
    : h('span.sight', frame);
  const title = h('a.title', { href: jobUrl(job.job_id) }, jobTitle(job));
  return h('li.video-card', sight, title, h('span.small', when(job.completed_at)));
}

function videosPanel(id, signal) {
  const box = h('div.stage-box', { hidden: true });
  return panel('Finished videos', {
    load: async () => {
      const filter = { series_id: id, status: 'completed', limit: 24, view: 'preview' };
      return (await get(jobsUrl(filter), { signal })).jobs;
    },
    render: (body, all) =>
      put(
        body,
        box,
        all.length
          ? h(
              'ul.video-grid',
              all.map((job) => videoCard(job, box)),
            )
          : empty('None yet', 'Videos of this series show up here when they are done.'),
      ),
  });
}

export function mount(root, { params: { id }, signal }) {
  const title = h('span', user(id));
  const whole = panel(null, {
    name: 'bare',
    load: () => get(`/series/${encodeURIComponent(id)}?counts=true`, { signal }),
    render: (body, one) => {
      put(title, user(one.title));
      setTitle(one.title);
      put(body, summary(id, one.jobs));
    },
  });
  const panels = [whole, episodesPanel(id, signal), videosPanel(id, signal)];
  const href = `/new${query({ series: id })}`;
  const button = h('a.button.primary', { href }, icon('plus', 18), 'New job');
  return panelPage(root, title, panels, signal, { tools: [button] });
}
