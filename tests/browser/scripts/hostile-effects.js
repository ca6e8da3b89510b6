// Traces of texts that ran as scripts, became markup, or led to another host.
() => {
  const markup = 'main script, main iframe, img[src=x], [onerror], a[href^=javascript]';
  const links = [...document.querySelectorAll('img, video, a')];
  const address = (el) => el.currentSrc || el.src || el.href || '';
  return [
    window.pwned,
    document.querySelectorAll(markup).length,
    links.filter((el) => address(el).includes('evil')).length,
  ];
};
