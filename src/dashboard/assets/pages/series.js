// All series.
import { post, query } from '../app/api.js';
import { ask, attempt } from '../parts/dialogs.js';
import { h } from '../parts/dom.js';
import { exact, when } from '../parts/format.js';
import { listPanel, panelPage } from '../parts/list-page.js';
import { stacked, share } from '../parts/status.js';
import { user } from '../parts/text.js';
import { actionButton, empty } from '../parts/ui.js';

const NONE = 'A series keeps the videos of one show together, and adds their progress up.';

function card(one) {
  const bad = one.jobs.failed > 0 && h('span.bad', ` · ${exact(one.jobs.failed)} failed`);
  return h(
    'a.series-card',
    { href: `/series/${encodeURIComponent(one.series_id)}` },
    h('span.title', user(one.title)),
    stacked(one.jobs, 'Jobs'),
    h('span.small.row.between', h('span', share(one.jobs), bad), when(one.created_at)),
  );
}

export function mount(root, { signal }) {
  const make = async () => {
    const props = { maxlength: 255, dir: 'auto' };
    const title = await ask('New series', 'Title', 'Make it', props);
    if (!title) return;
    await attempt(async () => {
      await post('/series', { title });
      list.refreshQuietly();
    });
  };
  const button = (cls) => actionButton('New series', 'plus', make, cls);
  const list = listPanel(null, {
    name: 'bare',
    field: 'series',
    url: (cursor) => `/series${query({ limit: 48, cursor, counts: true })}`,
    signal,
    render: (all) =>
      all.length
        ? h('div.series-grid', all.map(card))
        : empty('No series', NONE, button('primary')),
  });
  return panelPage(root, 'Series', [list], signal, { tools: [button()] });
}
