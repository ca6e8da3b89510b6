"""How a call of the older job manager becomes calls of the API: any change in any status."""

from __future__ import annotations

import math
import threading
import warnings
from typing import Any, Dict, Iterator, Mapping, Optional

from . import _legacy
from ._address import quoted
from .client import Client
from .errors import CallsheetError

Job = Dict[str, Any]
ENDED = ("completed", "failed", "cancelled")

# Problems that mean that the job's status does not allow the call.
ILLEGAL = ("job_transition_illegal", "job_not_processing", "job_ended")


class OlderCalls:
    """The client of a manager, made at its first call, and what its methods share."""

    def __init__(
        self, server: Optional[str], api_key: Optional[str], client: Optional[Client]
    ) -> None:
        self._server = server
        self._api_key = api_key
        self._client = client
        self._lock = threading.Lock()

    @property
    def client(self) -> Client:
        """The client, for what the older class could not do."""
        if self._client is None:
            with self._lock:
                if self._client is None:
                    self._client = Client(self._server, self._api_key)
        return self._client

    def _read(self, job_id: str) -> Optional[Job]:
        if not job_id:
            return None
        try:
            return dict(self.client.get_job(job_id) or {})
        except CallsheetError as error:
            if error.code != "job_not_found":
                raise
            return None

    def _pages(self, query: Dict[str, Any], most: Optional[int]) -> Iterator[Dict[str, Any]]:
        """Yields pages until they hold `most` jobs. There is always a first one."""
        left = most
        while True:
            query["limit"] = 200 if left is None else max(1, min(200, left))
            page = self.client._call("GET", "/api/v1/jobs", query=query)
            yield page
            left = None if left is None else left - len(page["jobs"])
            if not page["has_more"] or (left is not None and left <= 0):
                return
            query = {**query, "cursor": page["next_cursor"], "offset": None}

    def _patched(self, job_id: str, patch: Dict[str, Any]) -> Optional[Job]:
        try:
            path = f"/api/v1/jobs/{quoted(job_id)}"
            return _legacy.job(self.client._call("PATCH", path, body=patch))
        except CallsheetError as error:
            if error.code != "job_not_found":
                raise
            return None

    def _reported(self, job_id: str, report: Dict[str, Any]) -> Optional[Job]:
        """Sends progress or counts. A job that reports is processing."""
        if not job_id:
            return None
        try:
            return self._patched(job_id, {**report, "status": "processing"})
        except CallsheetError as error:
            if error.code not in ILLEGAL:
                raise
        return self._changed(job_id, report)

    def _changed(self, job_id: str, patch: Dict[str, Any]) -> Optional[Job]:
        """Applies a patch. The older class took any change in any status: the job is led there."""
        if not job_id:
            return None
        for _ in range(3):
            try:
                return self._patched(job_id, patch)
            except CallsheetError as error:
                job = self._read(job_id)
                if error.code not in ILLEGAL or job is None:
                    raise
                if patch.get("status") in (None, job["status"]):
                    if not self._lead(job, patch):
                        raise
                elif not self._may_start(job, patch):
                    raise
                else:
                    self._start(job)
        raise CallsheetError("job_transition_illegal", 409, None, contested(job_id))

    def _lead(self, job: Job, patch: Dict[str, Any]) -> bool:
        """Makes a patch without a transition one that the status allows. Returns whether it is
        another one now."""
        if job["status"] == "queued":
            patch["status"] = "processing"
            return True
        refused = [name for name in ("progress", "current_stage") if name in patch]
        if job["status"] not in ENDED or not refused:
            return False
        for name in refused:
            del patch[name]
        _warn(f"{job['job_id']} is {job['status']}: {' and '.join(refused)} stay as they are")
        return True

    def _may_start(self, job: Job, patch: Mapping[str, Any]) -> bool:
        """A completed job stays completed, and what is cancelled does not fail."""
        if job["status"] == "queued":
            return True
        target = patch["status"]
        return job["status"] in ("failed", "cancelled") and target in ("processing", "completed")

    def _start(self, job: Job) -> None:
        """Starts a queued or failed job as its creator."""
        if job["status"] in ("failed", "cancelled"):
            self._patched(job["job_id"], {"status": "queued"})
        elif job["status"] != "queued":
            raise CallsheetError(
                "job_transition_illegal", 409, None,
                f"{job['job_id']} is {job['status']}, and its worker runs it",
            )
        self._patched(job["job_id"], {"status": "processing"})


def clamp(patch: Dict[str, Any]) -> None:
    """Brings progress into 0 to 100; NaN leaves it as it is."""
    if "progress" not in patch:
        return
    try:
        progress = float(patch["progress"])
    except (TypeError, ValueError):
        progress = math.nan
    if math.isnan(progress):
        _warn(f"progress is {patch.pop('progress')!r}, which is no number: it stays as it is")
        return
    patch["progress"] = clamped(progress)


def clamped(progress: float) -> float:
    within = min(100.0, max(0.0, progress))
    if within != progress:
        _warn(f"progress is {progress:g}: {within:g} is taken, because percent are 0 to 100")
    return within


def _warn(message: str) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=4)


def contested(job_id: str) -> str:
    return f"the status of {job_id} changes again and again: others run it too"
