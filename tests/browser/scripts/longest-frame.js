// Scrolls through a long page, and returns the milliseconds of the longest frame.
() =>
  new Promise((resolve) => {
    let last = 0;
    let worst = 0;
    let y = 0;
    const step = (now) => {
      worst = Math.max(worst, now - last);
      last = now;
      y += 400;
      scrollTo(0, y);
      if (y > 9600) resolve(worst);
      else requestAnimationFrame(step);
    };
    requestAnimationFrame((now) => {
      last = now;
      step(now);
    });
  });
