// Opens whatever can be opened, also what appears thereby.
() => {
  const open = () => document.querySelectorAll('details').forEach((el) => (el.open = true));
  open();
  return new Promise((resolve) =>
    setTimeout(() => {
      open();
      resolve();
    }, 60),
  );
};
