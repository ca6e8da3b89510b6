// In what the inputs of two jobs differ, field by field and word by word.
import { h } from '../dom.js';
import { plural } from '../format.js';
import { shotName } from '../job/shots.js';
import { read } from '../json.js';
import { cells, table } from '../panel.js';
import { user } from '../text.js';
import { choice, empty } from '../ui.js';

/** Inputs of a job, and what they are called. */
const FIELDS = {
  job_type: 'Type',
  mode: 'Mode',
  project_title: 'Title',
  content: 'Content',
  user_requirement: 'Requirement',
  style: 'Style',
  request_data: 'Request',
  context: 'Context',
  series_id: 'Series',
  episode_id: 'Episode',
  priority: 'Priority',
  max_attempts: 'Attempts allowed',
  labels: 'Label',
};

const SHOT_FIELDS = { visual_desc: 'picture', motion_desc: 'motion', audio_desc: 'sound' };

/** More values of one job are not compared. */
const MAX_VALUES = 5000;

/** Adds the values in `node` by their place; they are read from the text, which keeps digits. */
function addValues(node, name, into) {
  if (into.size >= MAX_VALUES || node.kind === 'null') return;
  if (node.items?.length) {
    for (const [key, item] of node.items) addValues(item, `${name} ${key}`, into);
  } else if (node.items) into.set(name, node.kind === 'object' ? '{}' : '[]');
  else into.set(name, node.kind === 'string' ? JSON.parse(node.raw) : node.raw);
}

/** Inputs by name, with those of the first `most` shots. `text` is the JSON of the job. */
function inputsOf({ text, shots }, most) {
  const members = new Map(read(text).items);
  const found = new Map();
  for (const [field, name] of Object.entries(FIELDS)) {
    if (members.has(field)) addValues(members.get(field), name, found);
  }
  shots.slice(0, most).forEach((shot, at) => {
    for (const [field, name] of Object.entries(SHOT_FIELDS)) {
      if (shot[field]) found.set(`${shotName(at)} ${name}`, shot[field]);
    }
  });
  return found;
}

/** `[name, value of a, value of b]` of all inputs. Shots that only one has are one row. */
function rowsOf(a, b) {
  const both = Math.min(a.shots.length, b.shots.length);
  const [first, second] = [inputsOf(a, both), inputsOf(b, both)];
  const names = new Set([...first.keys(), ...second.keys()]);
  const rows = Array.from(names, (name) => [name, first.get(name), second.get(name)]);
  const more = ({ shots }) =>
    shots.length > both ? plural(shots.length - both, 'shot') : undefined;
  if (a.shots.length !== b.shots.length) rows.push(['Further shots', more(a), more(b)]);
  return rows;
}

const isSame = ([, a, b]) => a === b;

/** The text with the words marked in which it differs from the other one. */
function marked(text, other) {
  if (text === undefined) return h('span.none', '–');
  if (other === undefined || text === other) return user(text);
  const [words, others] = [text, other].map((one) => one.split(/(\s+)/));
  const least = Math.min(words.length, others.length);
  let from = 0;
  while (from < least && words[from] === others[from]) from += 1;
  let rest = 0;
  while (rest < least - from && words.at(-1 - rest) === others.at(-1 - rest)) rest += 1;
  const to = words.length - rest;
  const part = (begin, end) => words.slice(begin, end).join('');
  const differs = to > from && h('mark', user(part(from, to)));
  return h('span.differing', user(part(0, from)), differs, user(part(to)));
}

const COLUMNS = [['Input'], ['A', 'grow'], ['B', 'grow']];

export class Differences {
  constructor() {
    this.all = false;
    this.body = h('div.panel-body');
    const pick = (key) => {
      this.all = key === 'all';
      this.paint();
    };
    const options = [
      ['different', 'What differs'],
      ['all', 'All'],
    ];
    this.count = h('span.small');
    const header = h(
      'header',
      h('h2', 'Inputs'),
      this.count,
      choice('Inputs shown', options, 'different', pick),
    );
    this.el = h('section.panel', { 'aria-label': 'Inputs' }, header, this.body);
  }

  show(a, b) {
    this.rows = rowsOf(a, b);
    this.paint();
  }

  paint() {
    const different = this.rows.filter((row) => !isSame(row));
    const shown = this.all ? this.rows : different;
    const row = ([name, a, b]) =>
      h('tr', cells(COLUMNS, [h('b', user(name)), marked(a, b), marked(b, a)]));
    this.count.textContent = `${plural(different.length, 'difference')}`;
    const none = () =>
      empty('The inputs are the same', 'Type, texts, request and shots are equal.');
    this.body.replaceChildren(
      shown.length ? table('Inputs of both', COLUMNS, shown.map(row)) : none(),
    );
  }
}
