// The list has turned to a full page that begins with another job.
(rows, first) =>
  document.querySelectorAll('tbody tr').length === rows &&
  document.querySelector('[data-id]').dataset.id !== first;
