// All rows have the status.
(word) => [...document.querySelectorAll('tbody .status')].every((el) => el.textContent === word);
