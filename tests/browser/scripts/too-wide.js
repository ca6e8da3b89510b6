// The first elements that reach beyond the right edge and do not scroll by themselves.
() =>
  [...document.querySelectorAll('main *')]
    .filter((el) => el.getBoundingClientRect().right > innerWidth + 1)
    .filter((el) => !el.closest('.scroller, .tabs, pre, .hidden'))
    .slice(0, 3)
    .map((el) => el.outerHTML.slice(0, 200));
