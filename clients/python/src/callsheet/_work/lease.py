"""The lease of a job, as far as its worker knows it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Callable, Dict

from .api import Claim
from .clock import uptime

if TYPE_CHECKING:
    from .agent import Agent

# Maximum seconds between the beginnings of two calls to a server that is away.
MAX_DELAY = 5.0


class Lease:
    """Extends the lease of a job, and says to the launcher how long its process may run."""

    def __init__(
        self, agent: Agent, claim: Claim, number: int, cancel: Callable[[], None]
    ) -> None:
        self._agent = agent
        self._claim = claim
        self._number = number
        self._cancel = cancel
        self.seconds = float(agent.options.lease_seconds)
        # `uptime` until which the lease is certainly valid.
        self.until = uptime() + self.seconds

    def extend(self, report: Dict[str, Any]) -> None:
        """Sends a heartbeat with a report. Raises `CallFailed`."""
        sent = uptime()
        is_cancelled = self._agent.api.heartbeat(self._claim, report)
        self._agent.back()
        self.until = sent + self.seconds
        self._agent.order({"do": "extend", "id": self._number, "until": self.until})
        if is_cancelled:
            self._cancel()

    @property
    def is_half_over(self) -> bool:
        return self.until - uptime() <= self.seconds / 2

    @property
    def is_hopeless(self) -> bool:
        """Whether the worker stops, and what it sends would be too late."""
        if not self._agent.is_stopping:
            return False
        return self._agent.is_hurried or self.until < uptime()


class Backoff:
    """Delays that double from 0.1 s to `most`, half of each random, so that workers do not all
    return at once."""

    def __init__(self, most: float = MAX_DELAY) -> None:
        self._most = min(most, MAX_DELAY)
        self.tries = 0

    def after(self, begun: float) -> float:
        """Returns the time of the next try after one that began at `begun`: the wait for an answer
        that did not come counts as a delay."""
        step: float = min(self._most, 0.1 * 2.0 ** min(self.tries, 10))
        self.tries += 1
        return begun + step * (0.5 + random.random() / 2)

    def reset(self) -> None:
        self.tries = 0
