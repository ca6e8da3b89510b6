// Controls that reach beyond the right edge of the page.
() =>
  [...document.querySelectorAll('button, a.button, input, select')]
    .filter((el) => el.offsetParent !== null && !el.closest('.tabs, .hidden'))
    .filter((el) => el.getBoundingClientRect().right > innerWidth + 1)
    .map((el) => el.outerHTML.slice(0, 120));
