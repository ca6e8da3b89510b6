"""When a call is repeated, and how long to wait before it."""

from __future__ import annotations

import random
import time
from typing import Callable, Mapping, Optional

BASE_DELAY = 0.1
MAX_DELAY = 5.0

# 502 and 504 are of proxies, whose server may have the call.
REPEATED = (429, 503)


class Retries:
    """Waits that double from 0.1 s to 5 s, with jitter, until `seconds` have passed since the
    first failure that allows another try."""

    def __init__(
        self,
        seconds: float,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._seconds = seconds
        self._sleep = sleep
        self._now = now
        self._jitter = jitter
        self._until: Optional[float] = None
        self.tries = 0

    def wait(self, at_least: Optional[float] = None) -> bool:
        """Waits before another try. Returns False, without waiting, if the time is over before."""
        now = self._now()
        if self._until is None:
            self._until = now + self._seconds
        step: float = min(MAX_DELAY, BASE_DELAY * 2.0 ** min(self.tries, 10))
        delay = step * (0.5 + self._jitter() / 2)
        if at_least is not None:
            # All clients get the same number, and should not return at once.
            delay = at_least + delay / 4
        if now + delay > self._until:
            return False
        self.tries += 1
        self._sleep(delay)
        return True


def retry_after(headers: Mapping[str, str]) -> Optional[float]:
    """Returns the seconds of `Retry-After`. A date, which proxies may send, is not read."""
    text = headers.get("retry-after", "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
