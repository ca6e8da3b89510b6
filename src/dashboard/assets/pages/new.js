// A form for a new job, with the rules of the API. The browser keeps a draft.
import { Again } from '../app/again.js';
import { get, jobPath, randomId, send } from '../app/api.js';
import { follow } from '../app/live.js';
import { go, setTitle } from '../app/router.js';
import { clientId } from '../parts/client.js';
import { failed } from '../parts/dialogs.js';
import { h, put, setText, store } from '../parts/dom.js';
import { exact, now } from '../parts/format.js';
import { icon } from '../parts/icons.js';
import { clean, jobUrl } from '../parts/text.js';
import { choice, head } from '../parts/ui.js';

/** The least text that each kind of job needs, and examples, which are shown and never sent. */
const MODES = {
  idea: {
    label: 'Idea',
    least: 10,
    style: 'e.g. Cartoon style',
    requirement:
      'e.g. For adults, do not exceed 3 scenes. Each scene should be no more than 5 shots.',
    hint: 'What is the video about? A sentence or a page.',
  },
  script: {
    label: 'Script',
    least: 50,
    style: 'e.g. Anime style',
    requirement: 'e.g. Fast-paced with no more than 15 shots.',
    hint: 'Scenes, actions and lines, as they should be seen.',
  },
};

function storedDraft() {
  let draft;
  try {
    draft = JSON.parse(store.get('draft')) ?? {};
  } catch {
    draft = {};
  }
  return { ...draft, mode: MODES[draft.mode] ? draft.mode : 'idea' };
}

const textInput = (props) =>
  h('input', { type: 'text', autocomplete: 'off', dir: 'auto', maxlength: 255, ...props });

/** `{labels, wrong}` of texts such as `team=a, lot=7`. */
function readLabels(text) {
  const labels = {};
  const wrong = [];
  for (const pair of text
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)) {
    const at = pair.indexOf('=');
    if (at < 1) wrong.push(['labels', `${pair} is not key=value.`]);
    else labels[pair.slice(0, at).trim()] = pair.slice(at + 1).trim();
  }
  return { labels, wrong };
}

/** The fields that have a value. */
const filled = (fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));

const PAST = 'This time has passed: choose a later one, or leave it empty to start at once.';

/** Why a time cannot be that of a start; null if it can. */
const wrongTime = (text) => (text && !(new Date(text).getTime() > now()) ? PAST : null);

class NewJobPage {
  constructor(root, { search, signal }) {
    this.draft = storedDraft();
    this.fields = new Map();
    // Sent with each attempt, so that a second one does not create a second job.
    this.key = randomId();
    this.build();
    setTitle('New job');
    const sub = 'The job continues when this page is closed, and is here when you come back.';
    put(root, head('New job', sub), this.form);
    const again = new Again(() => this.loadSeries(search, signal, again), signal);
    this.loadSeries(search, signal, again);
    this.keep();
    const from = search.get('from');
    if (from)
      this.begin(from, signal).catch((error) => error.name !== 'AbortError' && failed(error));
  }

  /** Begins with the inputs of another job. What it has beside the form is sent along. */
  async begin(id, signal) {
    const job = await get(jobPath(id), { signal });
    this.form.reset();
    this.origin = job;
    const mode = MODES[job.mode] ? job.mode : job.job_type.startsWith('script') ? 'script' : 'idea';
    this.draft = { mode };
    const values = {
      content: job.content,
      project_title: job.project_title,
      series_id: job.series_id,
      style: job.style,
      user_requirement: job.user_requirement,
      priority: job.priority || '',
      labels: Object.entries(job.labels ?? {})
        .map((pair) => pair.join('='))
        .join(', '),
    };
    for (const [name, { input }] of this.fields) input.value = values[name] ?? '';
    this.modesEl.replaceWith((this.modesEl = this.modes()));
    this.keep();
    // The list of series may still be loading.
    this.draft.series_id = job.series_id;
    this.content.focus();
  }

  field(name, label, input, hint) {
    const note = h('span.note-line.small', { id: `n-${name}` }, hint);
    input.name = name;
    input.setAttribute('aria-describedby', note.id);
    if (this.draft[name] && !input.value) input.value = this.draft[name];
    this.fields.set(name, { note, input, hint });
    return h('label.field', h('span', label), input, note);
  }

  build() {
    this.content = h('textarea', { rows: 8, dir: 'auto', required: true });
    this.contentField = this.field('content', 'Idea', this.content);
    this.rule = h('span.rule.small', { 'aria-live': 'polite' });
    this.meter = h('span.rule-bar', h('span'));
    this.series = h('select', h('option', { value: '' }, 'None'));
    this.style = textInput();
    this.requirement = h('textarea', { rows: 3, dir: 'auto' });
    const start = { type: 'submit' };
    this.submit = h('button.button.primary.act', start, icon('plus', 18), 'Start the job');
    const onsubmit = (event) => {
      event.preventDefault();
      this.start();
    };
    this.form = h(
      'form.panel.form',
      { novalidate: true, onsubmit, oninput: () => this.keep() },
      (this.modesEl = this.modes()),
      this.contentField,
      h('div.rule-line', this.meter, this.rule),
      h(
        'div.two',
        this.field('project_title', 'Title', textInput(), 'How lists will call it'),
        this.field('series_id', 'Series', this.series),
      ),
      this.field('style', 'Style', this.style),
      this.field('user_requirement', 'Requirement', this.requirement),
      this.more(),
      h(
        'div.row.between.form-end',
        h('button.button.quiet', { onclick: () => this.clear() }, 'Clear'),
        this.submit,
      ),
    );
  }

  modes() {
    const options = Object.entries(MODES).map(([mode, { label }]) => [mode, label]);
    return choice('What you have', options, this.draft.mode, (mode) => {
      this.draft.mode = mode;
      this.keep();
    });
  }

  more() {
    const { priority, run_at: at, max_attempts: attempts, labels } = this.draft;
    const priorities = { type: 'number', min: -100, max: 100, placeholder: '0' };
    const counts = { type: 'number', min: 1, max: 100, placeholder: '3' };
    const pairs = textInput({ placeholder: 'team=a, lot=7', maxlength: null });
    const time = h('input', { type: 'datetime-local' });
    const ranges = ['−100 to 100; higher runs first', '1 to 100, before a failure is final'];
    return h(
      'details',
      { open: Boolean(priority || at || attempts || labels) },
      h('summary', 'More: priority, time, attempts, labels'),
      h(
        'div.two',
        this.field('priority', 'Priority', h('input', priorities), ranges[0]),
        this.field('max_attempts', 'Attempts', h('input', counts), ranges[1]),
        this.field('run_at', 'Not before', time, 'In your own time zone'),
        this.field('labels', 'Labels', pairs, 'key=value, with commas between'),
      ),
    );
  }

  async loadSeries(search, signal, again) {
    try {
      const { series } = await get('/series?limit=200', { signal });
      const option = (one) => h('option', { value: one.series_id }, clean(one.title));
      this.series.append(...series.map(option));
      this.series.value = search.get('series') ?? this.draft.series_id ?? '';
      again.succeeded();
    } catch (error) {
      // A job needs no series, so that no message is shown.
      if (error.name !== 'AbortError') again.failed(error);
    }
  }

  clear() {
    this.form.reset();
    this.draft = { mode: this.draft.mode };
    this.keep();
  }

  value(name) {
    return this.form.elements[name].value.trim();
  }

  /** Stores the draft, and shows how much text is missing. */
  keep() {
    for (const [name, { input }] of this.fields) this.draft[name] = input.value;
    store.set('draft', JSON.stringify(this.draft));
    const mode = MODES[this.draft.mode];
    setText(this.contentField.firstChild, mode.label);
    this.content.placeholder = mode.hint;
    this.style.placeholder = mode.style;
    this.requirement.placeholder = mode.requirement;
    const { length } = [...this.value('content')];
    const short = length < mode.least;
    const rule = short ? `${length} of at least ${mode.least}` : exact(length);
    setText(this.rule, `${rule} characters`);
    this.meter.className = `rule-bar ${short ? '' : 'good'}`;
    this.meter.firstChild.style.transform = `scaleX(${Math.min(1, length / mode.least)})`;
    for (const [name, { wrong }] of this.fields) if (wrong) this.mark(name, null);
    // A draft may have waited for longer than its time.
    const late = wrongTime(this.value('run_at'));
    if (late) this.mark('run_at', late);
  }

  /** Shows what is wrong with a field; false when the form does not have it. */
  mark(name, wrong) {
    const field = this.fields.get(name);
    if (!field) return false;
    field.wrong = Boolean(wrong);
    setText(field.note, wrong ?? field.hint ?? '');
    field.note.classList.toggle('bad', field.wrong);
    field.input.setAttribute('aria-invalid', String(field.wrong));
    const more = field.input.closest('details');
    if (wrong && more) more.open = true;
    return true;
  }

  /** `[name, reason]` of each field that is wrong. */
  problems(wrongLabels) {
    const wrong = [];
    const { least } = MODES[this.draft.mode];
    if ([...this.value('content')].length < least) {
      wrong.push(['content', `Write at least ${least} characters.`]);
    }
    wrong.push(...wrongLabels);
    for (const name of ['priority', 'max_attempts', 'run_at']) {
      const { validity, validationMessage } = this.form.elements[name];
      if (!validity.valid) wrong.push([name, validationMessage]);
    }
    const late = wrongTime(this.value('run_at'));
    if (late) wrong.push(['run_at', late]);
    return wrong;
  }

  body(labels) {
    const { mode } = this.draft;
    const idea = this.content.value;
    // What is left empty is left out: the worker has defaults of its own.
    const given = filled({
      style: this.value('style'),
      user_requirement: this.value('user_requirement'),
      project_title: this.value('project_title'),
    });
    const optional = {
      series_id: this.value('series_id'),
      priority: this.value('priority') && Number(this.value('priority')),
      max_attempts: this.value('max_attempts') && Number(this.value('max_attempts')),
      run_at: this.value('run_at') && new Date(this.value('run_at')).toISOString(),
      labels: Object.keys(labels).length ? labels : '',
    };
    const { job_type: type, context, episode_id: episode } = this.origin ?? {};
    const kind = type && this.origin.mode === mode ? type : `${mode}2video`;
    return {
      ...filled({ context: context ?? '', episode_id: episode ?? '' }),
      job_type: kind,
      mode,
      content: idea,
      ...given,
      request_data: { [mode]: idea, ...given },
      client_id: clientId(),
      ...filled(optional),
    };
  }

  async start() {
    const { labels, wrong: wrongLabels } = readLabels(this.value('labels'));
    const wrong = this.problems(wrongLabels);
    for (const [name, why] of wrong) this.mark(name, why);
    if (wrong.length) {
      this.fields.get(wrong[0][0]).input.focus();
      return;
    }
    this.submit.setAttribute('aria-busy', 'true');
    try {
      const options = { body: this.body(labels), headers: { 'Idempotency-Key': this.key } };
      const { data } = await send('POST', '/jobs', options);
      store.set('draft', null);
      go(jobUrl(data.job_id));
    } catch (error) {
      this.refused(error);
    } finally {
      this.submit.removeAttribute('aria-busy');
    }
  }

  refused(error) {
    const nameOf = ({ pointer }) => (pointer ?? '').split('/')[1];
    const known = error.errors.filter((one) => this.mark(nameOf(one), one.detail));
    if (known.length) this.fields.get(nameOf(known[0])).input.focus();
    else failed(error);
  }
}

export function mount(root, context) {
  new NewJobPage(root, context);
  // Only the state of the connection is live here.
  const poll = () => get('/jobs/counts', { signal: context.signal });
  return follow('/events/stream', { poll });
}
