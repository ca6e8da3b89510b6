"""The clock of leases."""

from __future__ import annotations

import time

# It counts the time in which the host sleeps, as the server's clock does.
CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def uptime() -> float:
    """Returns seconds that processes of this host can compare."""
    return time.clock_gettime(CLOCK)
