"""Exceptions that end the function of a job."""

from __future__ import annotations

from typing import Optional


class JobInterrupted(BaseException):
    """The function has to end now. Like KeyboardInterrupt, `except Exception` does not catch it."""


class JobCancelled(JobInterrupted):
    """Somebody cancelled the job. Finished items stay recorded."""


class LeaseLost(JobInterrupted):
    """The job is no longer this worker's: another may run it already. Leave its files alone."""


class WorkerStopping(JobInterrupted):
    """The worker stops. The job returns to the queue, and the attempt does not count."""


INTERRUPTIONS = {"cancelled": JobCancelled, "lost": LeaseLost, "stopping": WorkerStopping}


class AttemptFailed(Exception):
    """Raised by the function to say how its attempt failed.

    With `retryable=False` no attempt follows; `retry_after` is the wait before the next one in
    seconds. Any other exception fails the attempt with its traceback, and the server decides.
    """

    def __init__(
        self, error: str, *, retryable: Optional[bool] = None, retry_after: Optional[int] = None
    ) -> None:
        super().__init__(error)
        self.retryable = retryable
        self.retry_after = retry_after
