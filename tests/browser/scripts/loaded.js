// Something was loaded, and nothing waits for an answer.
() => {
  const waits = [...document.querySelectorAll('.skeleton')].some((el) => el.offsetParent);
  return performance.getEntriesByType('resource').length > 0 && !waits;
};
