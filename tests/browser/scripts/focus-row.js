// Focuses the row of a job, and remembers its element.
(id) => {
  window.row = document.querySelector(`[data-id=${id}]`);
  window.row.querySelector('.title').focus();
};
