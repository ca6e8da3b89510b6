// Stylesheets that not every page needs, loaded with the modules that use them.

/** All of them, in the order in which they override each other. */
const ORDER = [
  'fields',
  'tables',
  'data',
  'media',
  'overview',
  'charts',
  'causes',
  'jobs',
  'job',
  'library',
  'compare',
  'layers',
];

/** The load of each sheet that was asked for; null after a failure. */
const loads = new Map();

function add(name) {
  const link = document.createElement('link');
  const place = ORDER.indexOf(name);
  link.rel = 'stylesheet';
  link.href = new URL(`../styles/${name}.css`, import.meta.url).href;
  link.dataset.place = place;
  const later = [...document.head.querySelectorAll('link[data-place]')].find(
    (one) => Number(one.dataset.place) > place,
  );
  document.head.insertBefore(link, later ?? null);
  return new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = () => {
      link.remove();
      reject(new Error(`The stylesheet ${name} could not be loaded.`));
    };
  });
}

function start(name) {
  const load = add(name);
  loads.set(name, load);
  load.catch(() => loads.set(name, null));
  return load;
}

/** Begins to load stylesheets that were not asked for yet. */
export function needStyles(...names) {
  for (const name of names) if (!loads.has(name)) start(name);
}

/** Modules that have their stylesheets. */
const styled = new WeakSet();

/** The module, when it and all stylesheets asked for have been loaded. One that has its
 * own waits for no others, which may fail while the server is away. */
export async function withStyles(module) {
  const loaded = await module;
  if (styled.has(loaded)) return loaded;
  await Promise.all([...loads].map(([name, load]) => load ?? start(name)));
  styled.add(loaded);
  return loaded;
}
