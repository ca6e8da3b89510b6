// JSON as a tree that shows what was sent: numbers keep their digits, which JSON.parse would round.
import { h, user } from './dom.js';
import { count } from './format.js';
import { copyButton } from './ui.js';

const LARGE = 256 * 1024;

/** Reads JSON into nodes `{kind, raw | items, from, to}` with their places in the text. */
export function read(text) {
  let at = 0;
  const space = () => {
    while (' \n\r\t'.includes(text[at]) && at < text.length) at += 1;
  };
  const string = () => {
    const from = at;
    at += 1;
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    at += 1;
    return text.slice(from, at);
  };
  function value() {
    space();
    const from = at,
      c = text[at];
    if (c === '{' || c === '[') {
      const items = [],
        end = c === '{' ? '}' : ']';
      at += 1;
      for (space(); text[at] !== end; space()) {
        if (at >= text.length) throw new SyntaxError('the text ends too soon');
        let key = null;
        if (c === '{') {
          key = JSON.parse(string());
          space();
          at += 1;
        }
        items.push([key ?? items.length, value()]);
        space();
        if (text[at] === ',') at += 1;
      }
      at += 1;
      return { kind: c === '{' ? 'object' : 'array', items, from, to: at };
    }
    if (c === '"') {
      const raw = string();
      return { kind: 'string', raw, from, to: at };
    }
    while (at < text.length && !',]} \n\r\t'.includes(text[at])) at += 1;
    const raw = text.slice(from, at);
    return {
      kind: raw === 'null' ? 'null' : raw === 'true' || raw === 'false' ? 'bool' : 'number',
      raw,
      from,
      to: at,
    };
  }
  return value();
}

/** The text of one member of an object, as it came. */
export function part(text, name) {
  const found = read(text).items.find(([key]) => key === name)?.[1];
  return found && found.kind !== 'null' ? text.slice(found.from, found.to) : null;
}

const leaf = (node) =>
  h(
    'span',
    { class: `j-${node.kind}` },
    node.kind === 'string' ? ['"', user(JSON.parse(node.raw)), '"'] : node.raw,
  );

function branch(key, node, open) {
  const name = key === null ? null : h('span.j-key', user(key));
  if (node.kind !== 'object' && node.kind !== 'array')
    return h('div.j-row', name, name && ': ', leaf(node));
  const [a, b] = node.kind === 'object' ? '{}' : '[]';
  if (!node.items.length) return h('div.j-row', name, name && ': ', `${a}${b}`);
  const inside = h('div.j-in');
  const fill = (from) => {
    inside.querySelector(':scope > button')?.remove();
    inside.append(
      ...node.items
        .slice(from, from + 200)
        .map(([k, v]) => branch(node.kind === 'array' ? String(k) : k, v, false)),
    );
    if (node.items.length > from + 200)
      inside.append(
        h(
          'button.link',
          { onclick: () => fill(from + 200) },
          `Show more of ${count(node.items.length)}`,
        ),
      );
  };
  const el = h(
    'details.j-row',
    h(
      'summary',
      name,
      name && ': ',
      a,
      h(
        'span.small',
        ` ${count(node.items.length)} ${node.kind === 'object' ? (node.items.length === 1 ? 'member' : 'members') : node.items.length === 1 ? 'item' : 'items'} `,
      ),
      b,
    ),
    inside,
  );
  const grow = () => {
    if (el.open && !inside.children.length) fill(0);
  };
  el.addEventListener('toggle', grow);
  if (open) {
    el.open = true;
    grow();
  }
  return el;
}

/** A section for one JSON text: tree, raw text, and a way to copy it. What is large is shown when asked for. */
export function viewer(title, text, open = false) {
  const body = h('div.json-body');
  let raw = false;
  const show = () => {
    body.replaceChildren(
      raw
        ? h(
            'pre.raw',
            { dir: 'ltr', tabindex: 0, role: 'group', 'aria-label': `${title}, raw` },
            user(text),
          )
        : branch(null, read(text), true),
    );
    toggle.textContent = raw ? 'Tree' : 'Raw';
  };
  const toggle = h(
    'button.button.quiet.small',
    {
      onclick: () => {
        raw = !raw;
        show();
      },
    },
    'Raw',
  );
  const large = text.length > LARGE;
  const begin = () => {
    if (body.children.length || !el.open) return;
    if (large)
      body.append(
        h(
          'p',
          `${count(Math.round(text.length / 1024))} KB. `,
          h('button.button', { onclick: show }, 'Show it'),
        ),
      );
    else show();
  };
  const el = h(
    'details.json',
    h(
      'summary',
      h('b', title),
      h(
        'span.small',
        ` ${text.length < 1024 ? `${text.length} B` : `${count(Math.round(text.length / 1024))} KB`}`,
      ),
    ),
    h('div.json-tools', toggle, copyButton(text, `Copy ${title}`)),
    body,
  );
  el.addEventListener('toggle', begin);
  el.open = open;
  return el;
}
