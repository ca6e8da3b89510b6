"""The decorator that makes a function a worker."""

from __future__ import annotations

import functools
from typing import Any, Callable, Optional, Sequence

from .job import Job


Function = Callable[[Job], Any]


class Worker:
    """A function that does jobs of its types. It may still be called, for example by a test."""

    def __init__(self, function: Function, job_types: Sequence[str], concurrency: int) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.job_types = list(job_types)
        self.concurrency = concurrency

    def __call__(self, job: Job) -> Any:
        return self.function(job)

    def __repr__(self) -> str:
        name = getattr(self.function, "__name__", self.function)
        return f"<worker of {', '.join(self.job_types)}: {name}>"

    def run(
        self,
        *,
        server: Optional[str] = None,
        api_key: Optional[str] = None,
        lease_seconds: int = 60,
        grace: float = 10.0,
        worker_id: Optional[str] = None,
    ) -> int:
        """Works until SIGTERM or Ctrl-C; see `run_workers`."""
        return run_workers(
            self, server=server, api_key=api_key, lease_seconds=lease_seconds, grace=grace,
            worker_id=worker_id,
        )


def worker(*job_types: str, concurrency: int = 1) -> Callable[[Function], Worker]:
    """Makes a function a worker of the jobs of these types, `concurrency` at the same time.

    Each job gets a process of its own. What the function returns, a dict or None, is the result; an
    exception fails the attempt.
    """
    if not job_types or not all(isinstance(one, str) for one in job_types):
        raise TypeError('the decorator needs a type of job: @worker("idea2video")')
    if concurrency < 1:
        raise ValueError(f"concurrency is {concurrency}: at least one job has to run")
    return lambda function: Worker(function, job_types, concurrency)


def run_workers(
    *workers: Worker,
    server: Optional[str] = None,
    api_key: Optional[str] = None,
    lease_seconds: int = 60,
    grace: float = 10.0,
    worker_id: Optional[str] = None,
) -> int:
    """Claims jobs of all workers and runs them, until SIGTERM, SIGINT or SIGHUP: then functions are
    interrupted, and their jobs return to the queue. A second signal kills them.

    `server` and `api_key` are those of `Client`. A job whose worker is not heard of for
    `lease_seconds` (1 to 86,400) goes to another one. A function that is interrupted has `grace`
    seconds to end. Returns the exit code: 1 if jobs were refused, or if the server did not take an
    outcome.
    """
    from .agent import Options, run
    if not 1 <= lease_seconds <= 86_400:
        raise ValueError(f"lease_seconds is {lease_seconds}: it is 1 to 86400")
    options = Options(server, api_key, lease_seconds, grace, worker_id)
    return run(workers, options)
