// Links to lists that show a number, with that number.
() => {
  const lists = ['jobs', 'causes', 'workers', 'series', 'imports', 'actions', 'schedules'];
  const leads = ({ pathname }) => [...lists, 'webhooks'].includes(pathname.slice(1));
  const links = [...document.querySelectorAll('a[href]')].filter(leads);
  const number = (el) =>
    el.innerText
      .replaceAll(',', '')
      .match(/(?<![\w.-])\d+(?![\w.-])/g)
      ?.at(-1);
  return links
    .filter((el) => el.offsetParent && number(el) !== undefined)
    .map((el) => ({ href: el.getAttribute('href'), number: Number(number(el)) }));
};
