// The remembered row is in the page, focused and selected.
() => {
  const { row } = window;
  const focused = document.activeElement === row.querySelector('.title');
  const selected = document.querySelector('.tray').innerText.includes('1 selected');
  return row.isConnected && focused && row.querySelector('input').checked && selected;
};
