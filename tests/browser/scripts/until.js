// Waits until `condition` returns something true, and returns that; at most 30 seconds.
(condition) =>
  new Promise((resolve, reject) => {
    const end = Date.now() + 30000;
    const look = () => {
      let value = null;
      try {
        value = condition();
      } catch {
        // What it looks for is not there yet.
      }
      if (value) resolve(typeof value === 'object' ? true : value);
      else if (Date.now() < end) setTimeout(look, 25);
      else {
        const text = document.body.innerText.slice(0, 1500);
        reject(new Error(`not within 30 s; the page says: ${text}`));
      }
    };
    look();
  });
