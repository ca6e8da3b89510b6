// JSON as a tree of the text that was sent: JSON.parse would round large integers.
import { copyButton } from './copy.js';
import { h } from './dom.js';
import { count, plural, size } from './format.js';
import { user } from './text.js';

/** Larger texts are shown on request. */
const LARGE = 256 * 1024;

/** More members are shown on request. */
const MEMBERS = 200;

const SPACE = ' \n\r\t';

class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  space() {
    while (this.at < this.text.length && SPACE.includes(this.text[this.at])) this.at += 1;
  }

  string() {
    const from = this.at;
    this.at += 1;
    while (this.text[this.at] !== '"') this.at += this.text[this.at] === '\\' ? 2 : 1;
    this.at += 1;
    return this.text.slice(from, this.at);
  }

  members(kind, from) {
    const end = kind === 'object' ? '}' : ']';
    const items = [];
    this.at += 1;
    for (this.space(); this.text[this.at] !== end; this.space()) {
      if (this.at >= this.text.length) throw new SyntaxError('the text ends too soon');
      let key = items.length;
      if (kind === 'object') {
        key = JSON.parse(this.string());
        this.space();
        this.at += 1;
      }
      items.push([key, this.value()]);
      this.space();
      if (this.text[this.at] === ',') this.at += 1;
    }
    this.at += 1;
    return { kind, items, from, to: this.at };
  }

  scalar(from) {
    const end = `,]}${SPACE}`;
    while (this.at < this.text.length && !end.includes(this.text[this.at])) this.at += 1;
    const raw = this.text.slice(from, this.at);
    const bool = raw === 'true' || raw === 'false';
    return { kind: raw === 'null' ? 'null' : bool ? 'bool' : 'number', raw, from, to: this.at };
  }

  value() {
    this.space();
    const from = this.at;
    const first = this.text[from];
    if (first === '{') return this.members('object', from);
    if (first === '[') return this.members('array', from);
    if (first !== '"') return this.scalar(from);
    const raw = this.string();
    return { kind: 'string', raw, from, to: this.at };
  }
}

/** Reads JSON into nodes `{kind, raw or items, from, to}` with their places in the text. */
export const read = (text) => new Reader(text).value();

/** The text of one member of an object, as it was sent; null when it is missing or null. */
export function part(text, name) {
  const found = read(text).items.find(([key]) => key === name)?.[1];
  return found && found.kind !== 'null' ? text.slice(found.from, found.to) : null;
}

function leaf(node) {
  const text = node.kind === 'string' ? ['"', user(JSON.parse(node.raw)), '"'] : node.raw;
  return h('span', { class: `j-${node.kind}` }, text);
}

function fill(inside, node, from) {
  const shown = node.items.slice(from, from + MEMBERS);
  inside.querySelector(':scope > button')?.remove();
  inside.append(
    ...shown.map(([key, item]) => branch(node.kind === 'array' ? String(key) : key, item, false)),
  );
  if (node.items.length <= from + MEMBERS) return;
  const more = () => fill(inside, node, from + MEMBERS);
  const text = `Show more of ${count(node.items.length)}`;
  inside.append(h('button.link', { onclick: more }, text));
}

function branch(key, node, open) {
  const name = key === null ? null : [h('span.j-key', user(key)), ': '];
  if (!node.items) return h('div.j-row', name, leaf(node));
  const [first, last] = node.kind === 'object' ? '{}' : '[]';
  if (!node.items.length) return h('div.j-row', name, `${first}${last}`);
  const inside = h('div.j-in');
  const members = plural(node.items.length, node.kind === 'object' ? 'member' : 'item');
  const summary = h('summary', name, first, h('span.small', ` ${members} `), last);
  const el = h('details.j-row', summary, inside);
  const grow = () => {
    if (el.open && !inside.children.length) fill(inside, node, 0);
  };
  el.addEventListener('toggle', grow);
  if (open) {
    el.open = true;
    grow();
  }
  return el;
}

/** A text in a box that scrolls, also with keys. */
export const textBox = (cls, label, text, props) =>
  h('pre', { class: cls, tabindex: 0, role: 'group', 'aria-label': label, ...props }, user(text));

/** A section for one JSON text: as a tree, as it was sent, and to copy. */
export function viewer(title, text, open = false) {
  const body = h('div.json-body');
  let raw = false;
  const show = () => {
    body.replaceChildren(
      raw ? textBox('raw', `${title}, raw`, text, { dir: 'ltr' }) : branch(null, read(text), true),
    );
    toggle.textContent = raw ? 'Tree' : 'Raw';
  };
  const change = () => {
    raw = !raw;
    show();
  };
  const toggle = h('button.button.quiet.small', { onclick: change }, 'Raw');
  const begin = () => {
    if (body.children.length || !el.open) return;
    if (text.length <= LARGE) show();
    else
      body.append(
        h('p', `${size(text.length)}. `, h('button.button', { onclick: show }, 'Show it')),
      );
  };
  const el = h(
    'details.json',
    h('summary', h('b', title), h('span.small', ` ${size(text.length)}`)),
    h('div.json-tools', toggle, copyButton(text, `Copy ${title}`)),
    body,
  );
  el.addEventListener('toggle', begin);
  el.open = open;
  return el;
}
