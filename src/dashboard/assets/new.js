// A form for a new video, with the API's own rules. A draft outlives the tab; a key makes sending twice harmless.
import { clean, h, icon, jobUrl, put, setText, store } from './dom.js';
import { get, randomId, send } from './api.js';
import { exact } from './format.js';
import { follow } from './live.js';
import { choice, failed, head } from './ui.js';
import { clientId } from './actions.js';
import { go, setTitle } from './router.js';

// As POST /generate/idea2video and /generate/script2video have them.
const MODES = {
  idea: {
    label: 'Idea',
    least: 10,
    style: 'Cartoon style',
    requirement: 'For adults, do not exceed 3 scenes. Each scene should be no more than 5 shots.',
    hint: 'What is the video about? A sentence or a page.',
  },
  script: {
    label: 'Script',
    least: 50,
    style: 'Anime Style',
    requirement: 'Fast-paced with no more than 15 shots.',
    hint: 'Scenes, actions and lines, as they should be seen.',
  },
};

export function mount(root, { search, signal }) {
  setTitle('New job');
  let draft = {};
  try {
    draft = JSON.parse(store.get('draft')) ?? {};
  } catch {
    /* a draft of another version */
  }
  draft.mode = MODES[draft.mode] ? draft.mode : 'idea';
  const key = randomId();
  const notes = new Map();
  const value = (name) => form.elements[name]?.value.trim() ?? '';

  function field(name, label, input, hint) {
    const note = h('span.note-line.small', { id: `n-${name}` }, hint);
    input.name = name;
    input.setAttribute('aria-describedby', note.id);
    if (draft[name] && !input.value) input.value = draft[name];
    notes.set(name, { note, input, hint });
    return h('label.field', h('span', label), input, note);
  }
  const text = (props) =>
    h('input', { type: 'text', autocomplete: 'off', dir: 'auto', maxlength: 255, ...props });
  const content = h('textarea', { rows: 8, dir: 'auto', required: true });
  const series = h('select', h('option', { value: '' }, 'None'));
  const rule = h('span.rule.small', { 'aria-live': 'polite' });
  const meter = h('span.rule-bar', h('span'));
  const style = text({}),
    requirement = h('textarea', { rows: 3, dir: 'auto' });
  const submit = h(
    'button.button.primary.act',
    { type: 'submit' },
    icon('plus', 18),
    'Start the job',
  );
  const contentField = field('content', 'Idea', content);
  const form = h(
    'form.panel.form',
    {
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        start();
      },
      oninput: keep,
    },
    choice(
      'What you have',
      Object.entries(MODES).map(([mode, { label }]) => [mode, label]),
      draft.mode,
      (mode) => {
        draft.mode = mode;
        keep();
      },
    ),
    contentField,
    h('div.rule-line', meter, rule),
    h(
      'div.two',
      field('project_title', 'Title', text({}), 'How lists will call it'),
      field('series_id', 'Series', series),
    ),
    field('style', 'Style', style),
    field('user_requirement', 'Requirement', requirement),
    h(
      'details',
      { open: Boolean(draft.priority || draft.run_at || draft.max_attempts || draft.labels) },
      h('summary', 'More: priority, time, attempts, labels'),
      h(
        'div',
        { class: 'two' },
        field(
          'priority',
          'Priority',
          h('input', { type: 'number', min: -100, max: 100, placeholder: '0' }),
          '−100 to 100; higher runs first',
        ),
        field(
          'max_attempts',
          'Attempts',
          h('input', { type: 'number', min: 1, max: 100, placeholder: '3' }),
          '1 to 100, before a failure is final',
        ),
        field(
          'run_at',
          'Not before',
          h('input', { type: 'datetime-local' }),
          'In your own time zone',
        ),
        field(
          'labels',
          'Labels',
          text({ placeholder: 'team=a, lot=7', maxlength: null }),
          'key=value, with commas between',
        ),
      ),
    ),
    h(
      'div.row.between.form-end',
      h(
        'button.button.quiet',
        {
          onclick: () => {
            store.set('draft', null);
            form.reset();
            draft = { mode: draft.mode };
            keep();
          },
        },
        'Clear',
      ),
      submit,
    ),
  );
  put(
    root,
    head('New job', 'It goes on when this page is closed, and is there when you come back.'),
    form,
  );

  get('/series?limit=200', { signal }).then(
    ({ series: all }) => {
      series.append(...all.map((one) => h('option', { value: one.series_id }, clean(one.title))));
      series.value = search.get('series') ?? draft.series_id ?? '';
    },
    () => {},
  );

  function keep() {
    for (const name of notes.keys()) draft[name] = form.elements[name].value;
    store.set('draft', JSON.stringify(draft));
    const { label, least, hint, style: s, requirement: r } = MODES[draft.mode];
    setText(contentField.firstChild, label);
    content.placeholder = hint;
    style.placeholder = s;
    requirement.placeholder = r;
    const length = [...value('content')].length;
    setText(
      rule,
      length < least ? `${length} of at least ${least} characters` : `${exact(length)} characters`,
    );
    meter.className = `rule-bar ${length < least ? '' : 'good'}`;
    meter.firstChild.style.transform = `scaleX(${Math.min(1, length / least)})`;
    for (const name of [...notes.keys()]) if (notes.get(name).wrong) tell(name, null);
  }

  function tell(name, wrong) {
    const entry = notes.get(name);
    if (!entry) return false;
    entry.wrong = Boolean(wrong);
    setText(entry.note, wrong ?? entry.hint ?? '');
    entry.note.classList.toggle('bad', entry.wrong);
    entry.input.setAttribute('aria-invalid', String(entry.wrong));
    const more = entry.input.closest('details');
    if (wrong && more) more.open = true;
    return true;
  }

  async function start() {
    const { least, style: s, requirement: r } = MODES[draft.mode];
    const idea = content.value;
    const wrong = [];
    if ([...idea.trim()].length < least)
      wrong.push(['content', `Write at least ${least} characters.`]);
    const labels = {};
    for (const pair of value('labels')
      .split(',')
      .map((p) => p.trim())
      .filter(Boolean)) {
      const at = pair.indexOf('=');
      if (at < 1) wrong.push(['labels', `${pair} is not key=value.`]);
      else labels[pair.slice(0, at).trim()] = pair.slice(at + 1).trim();
    }
    for (const name of ['priority', 'max_attempts', 'run_at'])
      if (!form.elements[name].validity.valid)
        wrong.push([name, form.elements[name].validationMessage]);
    for (const [name, why] of wrong) tell(name, why);
    if (wrong.length) {
      notes.get(wrong[0][0]).input.focus();
      return;
    }
    const given = {
      style: value('style') || s,
      user_requirement: value('user_requirement') || r,
      project_title: value('project_title') || null,
    };
    const body = {
      job_type: `${draft.mode}2video`,
      mode: draft.mode,
      content: idea,
      ...given,
      request_data: { [draft.mode]: idea, ...given },
      client_id: clientId(),
      ...(value('series_id') && { series_id: value('series_id') }),
      ...(value('priority') && { priority: Number(value('priority')) }),
      ...(value('max_attempts') && { max_attempts: Number(value('max_attempts')) }),
      ...(value('run_at') && { run_at: new Date(value('run_at')).toISOString() }),
      ...(Object.keys(labels).length && { labels }),
    };
    submit.setAttribute('aria-busy', 'true');
    try {
      const { data } = await send('POST', '/jobs', { body, headers: { 'Idempotency-Key': key } });
      store.set('draft', null);
      go(jobUrl(data.job_id));
    } catch (error) {
      const there = error.errors.filter((e) => tell((e.pointer ?? '').split('/')[1], e.detail));
      if (there.length) notes.get(there[0].pointer.split('/')[1]).input.focus();
      else failed(error);
    } finally {
      submit.removeAttribute('aria-busy');
    }
  }
  keep();
  // Nothing here is live; the frame shows whether the server can be reached.
  return follow('/events/stream', { poll: () => get('/jobs/counts', { signal }) });
}
