"""Workers as processes of their own, and waits for what they do."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from typing import Any, Callable, Iterator, List, Optional

import pytest
from serving import environment

from callsheet import Client, types

HERE = pathlib.Path(__file__).resolve().parent
# Longer than anything takes on a loaded machine: only a hanging process reaches it.
PATIENCE = 180.0


class WorkerProcess:
    """`python -m callsheet.worker` with one of the functions of `jobs_to_do`."""

    def __init__(
        self, url: str, kind: str, folder: pathlib.Path, function: str, *arguments: str,
        concurrency: int = 1,
    ) -> None:
        source = str(HERE.parent / "src")
        paths = [path for path in (source, os.environ.get("PYTHONPATH")) if path]
        self.errors: List[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "callsheet.worker", "jobs_to_do:doing", *arguments],
            cwd=HERE, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, start_new_session=True,
            env=environment(
                CALLSHEET_SERVER=url, TEST_KIND=kind, TEST_FOLDER=str(folder),
                TEST_FUNCTION=function, TEST_CONCURRENCY=str(concurrency),
                PYTHONPATH=os.pathsep.join(paths),
            ),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            self.errors.extend(lines)

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    @property
    def text(self) -> str:
        return "".join(self.errors)


Start = Callable[..., WorkerProcess]


def starting(
    request: pytest.FixtureRequest, kind: str, tmp_path: pathlib.Path
) -> Iterator[Start]:
    """Starts workers of a test, and kills them after it."""
    started: List[WorkerProcess] = []

    def begin(function: str, *arguments: str, url: Optional[str] = None,
              concurrency: int = 1) -> WorkerProcess:
        address = url or request.getfixturevalue("server").url
        one = WorkerProcess(
            address, kind, tmp_path, function, *arguments, concurrency=concurrency
        )
        started.append(one)
        return one

    yield begin
    for one in started:
        one.end(signal.SIGKILL)


def ended(client: Client, job_id: str, *statuses: str) -> types.JobWithShots:
    """Waits until the job has one of these statuses, or any at its end."""
    wanted = statuses or ("completed", "failed", "cancelled")
    version: Optional[int] = None
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        wait = None if version is None else 5
        job = client.get_job(job_id, wait=wait, since_version=version)
        assert job is not None
        if job["status"] in wanted:
            return job
        version = job["version"]
    raise AssertionError(f"{job_id} is not {wanted}: {client.get_job(job_id)}")


def appears(path: pathlib.Path) -> str:
    """Waits for the first line of a file that a function writes."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if path.exists() and path.read_text().endswith("\n"):
            return path.read_text()
        time.sleep(0.01)
    raise AssertionError(f"{path.name} does not appear")


def state_of(pid: int) -> str:
    """Returns the state as the kernel names it: R, S, T (stopped), Z or nothing."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return ""


def vanishes(pid: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while state_of(pid) not in ("", "Z"):
        assert time.monotonic() < deadline, f"{pid} goes on"
        time.sleep(0.01)


def job_of(client: Client, kind: str, **fields: Any) -> str:
    return client.create_job(job_type=kind, **fields)["job_id"]
