"""Callsheet: client, workers and the drop-in job manager of the older video service."""

from __future__ import annotations

from ._streams import Message
from ._work.decorator import Worker, run_workers, worker
from ._work.interruptions import (
    AttemptFailed,
    JobCancelled,
    JobInterrupted,
    LeaseLost,
    WorkerStopping,
)
from ._work.job import Job
from .aio import AsyncClient
from .client import VERSION as __version__
from .client import Client
from .errors import CallsheetError, ServerUnavailable, UnserializableValue
from .manager import JobManager, job_manager

__all__ = [
    "AsyncClient", "AttemptFailed", "CallsheetError", "Client", "Job", "JobCancelled",
    "JobInterrupted", "JobManager", "LeaseLost", "Message", "ServerUnavailable",
    "UnserializableValue", "Worker", "WorkerStopping", "__version__", "job_manager",
    "run_workers", "worker",
]
