// Controls that are too low for a finger; a label around one counts as its target.
() =>
  [...document.querySelectorAll('button, input, select, a.button')]
    .filter((el) => el.offsetParent && !el.closest('.hidden, label'))
    .filter((el) => el.getBoundingClientRect().height < 24)
    .map((el) => el.outerHTML.slice(0, 120));
