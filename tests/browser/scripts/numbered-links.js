// Links to lists of jobs that show a number, with that number.
() => {
  const links = [...document.querySelectorAll('main a[href^="/jobs?"], main a[href="/jobs"]')];
  const number = (el) =>
    el.innerText
      .replaceAll(',', '')
      .match(/(?<![\w.-])\d+(?![\w.-])/g)
      ?.at(-1);
  return links
    .filter((el) => el.offsetParent && number(el) !== undefined)
    .map((el) => ({ href: el.getAttribute('href'), number: Number(number(el)) }));
};
