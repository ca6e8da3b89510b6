// The element shows all the texts.
(selector, texts) => {
  const shown = document.querySelector(selector).innerText;
  return texts.every((text) => shown.includes(text));
};
