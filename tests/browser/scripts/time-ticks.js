// Local times under a chart, as hours and minutes. `step` is in minutes.
async (from, to, step) => {
  const main = document.querySelector('script[type=module]').src;
  const { timeTicks } = await import(new URL('../parts/scales.js', main));
  const ticks = timeTicks(Date.parse(from), Date.parse(to), step);
  return ticks.map((time) => `${time.getHours()}:${time.getMinutes()}`);
};
