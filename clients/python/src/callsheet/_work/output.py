"""Lines for people. A terminal or a pipe that takes nothing never holds up a lease."""

from __future__ import annotations

import queue
import sys
import threading
import traceback
from typing import Optional

MAX_WAITING = 1000

# Seconds in which the last lines are written.
LAST = 2.0


class Output:
    def __init__(self) -> None:
        self._lines: queue.Queue[Optional[str]] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def say(self, text: str) -> None:
        """Writes a line, or drops it if too many wait."""
        line = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
        self._put(line)

    def trace(self, text: str) -> None:
        self._put(f"{text}\n{traceback.format_exc()}")

    def _put(self, line: Optional[str]) -> None:
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            pass

    def close(self) -> None:
        self._put(None)
        self._thread.join(LAST)

    def _write(self) -> None:
        while True:
            line = self._lines.get()
            if line is None:
                return
            try:
                sys.stderr.write(f"callsheet: {line}\n")
                sys.stderr.flush()
            except (OSError, ValueError):
                pass
