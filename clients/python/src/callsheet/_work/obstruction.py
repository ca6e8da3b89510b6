"""Something between the worker and the server that lets small calls pass, but not this one."""

from __future__ import annotations

from typing import Any, Dict, Optional


class Obstruction:
    """Notices that calls with content fail for the length of a lease, while empty ones pass."""

    def __init__(self, lease: float) -> None:
        self._lease = lease
        self._since: Optional[float] = None
        self._has_passed = False
        # Whether an empty call should be tried next.
        self.is_suspected = False

    def failed(self, content: Dict[str, Any], begun: float) -> None:
        if content:
            self._since = begun if self._since is None else self._since
            self.is_suspected = True
        else:
            # The server is away for everything.
            self._since, self._has_passed, self.is_suspected = None, False, False

    def passed(self, content: Dict[str, Any]) -> bool:
        """Returns whether content waits that should be tried again soon."""
        was_suspected, self.is_suspected = self.is_suspected, False
        if content:
            self._since, self._has_passed = None, False
            return False
        self._has_passed = self._since is not None
        return was_suspected

    def is_lasting(self, content: Dict[str, Any], now: float) -> bool:
        has_time = self._since is not None and now - self._since >= self._lease
        return bool(content) and self._has_passed and has_time
