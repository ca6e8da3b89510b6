// Elements that look otherwise without the stylesheets that the page does not ask for. A time that
// passes meanwhile changes sizes and texts, so these are not compared.
(asked) => {
  const used = /size|width|height|origin|inset|top|bottom|left|right|grid-template/;
  const own = (name) => !used.test(name);
  const looks = (el) => {
    const style = window.getComputedStyle(el);
    return Array.from(style, (name) => (own(name) ? `${name}: ${style[name]}` : ''));
  };
  const all = () =>
    [...document.querySelectorAll('header *, main, main *')].map((el) => [el, looks(el)]);
  const sheets = [...document.querySelectorAll('link[data-place]')];
  const foreign = sheets.filter(({ href }) => !asked.some((name) => href.endsWith(name)));
  const before = all();
  for (const link of foreign) link.disabled = true;
  const differ = before.flatMap(([el, old]) => {
    const now = looks(el);
    const at = old.findIndex((line, i) => line !== now[i]);
    return at < 0 ? [] : [`${el.tagName} ${el.className}: ${old[at]}, not ${now[at]}`];
  });
  for (const link of foreign) link.disabled = false;
  return { foreign: foreign.length, differ: differ.slice(0, 5) };
};
