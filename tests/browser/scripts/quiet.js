// Waits until no more files are asked for.
() =>
  new Promise((resolve) => {
    let last = -1;
    const look = () => {
      const now = performance.getEntriesByType('resource').length;
      if (now === last) resolve();
      else {
        last = now;
        setTimeout(look, 180);
      }
    };
    look();
  });
