"""The job that a decorated function gets."""

from __future__ import annotations

import math
import warnings
from typing import Any, Dict, Iterable, List, Optional

from .. import types
from ..json_values import to_json
from .link import Link

# Characters of a line of the log, and of a stage, as the server accepts them.
MAX_LINE = 2000
MAX_STAGE = 255
MAX_LINES = 100

DONE = ("completed", "skipped")


class Job:
    """A job and its reports. Threads, and processes that the function forks, may report too.

    Every method raises `JobCancelled`, `LeaseLost` or `WorkerStopping` if the function has to end;
    a function that calls none is interrupted by the same exceptions.
    """

    def __init__(
        self, data: types.Job, items: List[types.Item], token: Optional[str], link: Link
    ) -> None:
        self.data = data
        self._token = token
        self._items: Dict[str, types.Item] = {item["key"]: item for item in items}
        self._link = link

    def __repr__(self) -> str:
        return f"Job({self.id!r}, {self.type!r}, attempt {self.attempt})"

    @property
    def id(self) -> str:
        return self.data["job_id"]

    @property
    def type(self) -> str:
        return self.data["job_type"]

    @property
    def attempt(self) -> int:
        """Number of this attempt, from 1."""
        return self.data["attempt"]

    @property
    def content(self) -> str:
        """The idea or the script; empty if there is none."""
        return self.data["content"] or ""

    @property
    def user_requirement(self) -> str:
        return self.data["user_requirement"] or ""

    @property
    def style(self) -> str:
        return self.data["style"] or ""

    @property
    def project_title(self) -> str:
        return self.data["project_title"] or ""

    @property
    def request_data(self) -> Dict[str, Any]:
        return self.data["request_data"] or {}

    @property
    def token(self) -> str:
        """Token with which other programs may report on this job until the lease ends.

        It stands for a key in calls of the job's items and heartbeats, and for the lease's token.
        """
        if self._token is None:
            raise RuntimeError("the server gave no token for this job: it is of an older version")
        return self._token

    @property
    def items(self) -> List[types.Item]:
        """All items, with the results that this and earlier attempts reported."""
        return list(self._items.values())

    @property
    def pending(self) -> List[types.Item]:
        """Items that no attempt has finished."""
        return [item for item in self._items.values() if item["status"] not in DONE]

    def plan(self, keys: Iterable[str]) -> List[str]:
        """Says which items the job has. Returns the keys that no attempt has finished, in order.

        Items that exist stay as they are; the server computes the progress from all of them.
        """
        wanted = list(dict.fromkeys(keys))
        new = [key for key in wanted if key not in self._items]
        if new:
            self._report([{"key": key, "status": "pending"} for key in new])
        return [key for key in wanted if self._items[key]["status"] not in DONE]

    def progress(self, percent: float, stage: Optional[str] = None) -> None:
        """Reports percent from 0 to 100, and a word for the current step."""
        message: Dict[str, Any] = {"do": "progress"}
        value = float(percent) if percent is not None else math.nan
        if math.isnan(value):
            warnings.warn(f"progress is {percent!r}, which is no number", RuntimeWarning, 2)
        else:
            message["progress"] = min(100.0, max(0.0, value))
            if message["progress"] != value:
                taken = f"{message['progress']:g} is taken, because percent are 0 to 100"
                warnings.warn(f"progress is {value:g}: {taken}", RuntimeWarning, 2)
        if stage is not None:
            message["stage"] = to_json(str(stage))[:MAX_STAGE]
        self._link.tell(message)

    def stage(self, stage: str) -> None:
        """Reports a word for the current step."""
        self._link.tell({"do": "progress", "stage": to_json(str(stage))[:MAX_STAGE]})

    def start(self, key: str) -> None:
        """Reports that the work on an item begins."""
        self._report([{"key": key, "status": "processing"}])

    def done(self, key: str, result: Any = None) -> None:
        """Reports an item as completed. When this returns, the server has it.

        In a process that the function forked it does not wait for the server.
        """
        named = to_json(result, f"the result of item {key!r}")
        self._report([{"key": key, "status": "completed", "result": named}])

    def skip(self, key: str) -> None:
        """Reports an item as skipped: it needs no work."""
        self._report([{"key": key, "status": "skipped"}])

    def failed(self, key: str, error: Any) -> None:
        """Reports an item as failed; the attempt goes on."""
        text = str(to_json(str(error) or type(error).__name__))
        self._report([{"key": key, "status": "failed", "error": text}])

    def log(self, text: Any) -> None:
        """Adds lines to the history of the job; it keeps 2,000 characters of each."""
        lines = [line[:MAX_LINE] for line in str(to_json(str(text))).splitlines() if line.strip()]
        for first in range(0, len(lines), MAX_LINES):
            self._link.tell({"do": "log", "lines": lines[first:first + MAX_LINES]})

    def _report(self, reports: List[Dict[str, Any]]) -> None:
        for report in reports:
            if not isinstance(report["key"], str):
                raise TypeError(f"the key of an item is a text, not {report['key']!r}")
            report["key"] = to_json(report["key"])
        self._link.ask({"do": "items", "items": reports})
        for report in reports:
            known: Any = self._items.setdefault(report["key"], new_item(report["key"]))
            known.update(report)


def new_item(key: str) -> types.Item:
    return {
        "key": key, "idx": -1, "status": "pending", "input": None, "result": None, "error": None,
        "attempt": 0, "created_at": "", "updated_at": "", "started_at": None, "completed_at": None,
    }
