// Puts a text into a field, as typing does.
(selector, text) => {
  const el = document.querySelector(selector);
  el.value = text;
  for (const kind of ['input', 'change']) el.dispatchEvent(new Event(kind, { bubbles: true }));
};
