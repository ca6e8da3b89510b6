"""What interrupts a function and its worker."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest
from serving import environment
from working import HERE, PATIENCE, Start, appears, ended, job_of, state_of, vanishes

from callsheet import Client


def test_a_cancel_interrupts_the_function(
    client: Client, kind: str, start: Start, tmp_path: pathlib.Path
) -> None:
    start("sleeps", "--lease-seconds", "3")
    name = job_of(client, kind)
    pid = int(appears(tmp_path / "sleeping"))
    client.cancel_job(name)
    assert ended(client, name)["status"] == "cancelled"
    appears(tmp_path / "cancelled")
    vanishes(pid)


def test_a_function_that_ignores_it_is_killed(
    client: Client, kind: str, start: Start, tmp_path: pathlib.Path
) -> None:
    start("never_ends", "--lease-seconds", "3", "--grace", "0.5")
    name = job_of(client, kind)
    pid = int(appears(tmp_path / "stubborn"))
    client.cancel_job(name)
    assert ended(client, name)["status"] == "cancelled"
    appears(tmp_path / "ignored")
    vanishes(pid)


def test_a_function_that_takes_too_long_loses_its_lease(
    client: Client, kind: str, start: Start, tmp_path: pathlib.Path
) -> None:
    worker = start("sleeps", "--lease-seconds", "3")
    name = job_of(client, kind, max_run_seconds=1, max_attempts=1)
    assert appears(tmp_path / "interrupted") == "LeaseLost\n"
    assert ended(client, name)["status"] == "failed"
    assert worker.end() == 0
    assert "no longer this worker's" in worker.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_returns_the_jobs_to_the_queue(
    client: Client, kind: str, start: Start, tmp_path: pathlib.Path, number: int
) -> None:
    worker = start("sleeps")
    name = job_of(client, kind)
    pid = int(appears(tmp_path / "sleeping"))
    # Ctrl-C goes to the whole group, to the launcher too.
    os.killpg(worker.process.pid, number)
    assert worker.process.wait(PATIENCE) == 0
    worker.end()
    job = client.get_job(name)
    assert job and (job["status"], job["attempt"]) == ("queued", 0)
    assert appears(tmp_path / "interrupted") == "WorkerStopping\n"
    vanishes(pid)
    assert "stopping: 1 running job(s) return to the queue" in worker.text


def test_a_second_signal_kills_at_once(
    client: Client, kind: str, start: Start, tmp_path: pathlib.Path
) -> None:
    worker = start("never_ends", "--grace", "600")
    name = job_of(client, kind)
    pid = int(appears(tmp_path / "stubborn"))
    worker.process.send_signal(signal.SIGINT)
    appears(tmp_path / "ignored")
    assert worker.end(signal.SIGINT) == 0
    vanishes(pid)
    job = client.get_job(name)
    assert job and job["status"] == "queued"


def test_work_that_is_done_counts_although_the_worker_stops(
    client: Client, kind: str, start: Start, tmp_path: pathlib.Path
) -> None:
    worker = start("finishes_anyway")
    name = job_of(client, kind)
    appears(tmp_path / "sleeping")
    assert worker.end() == 0
    assert ended(client, name)["result"] == {"done": True}


def test_an_idle_worker_stops_at_once(client: Client, kind: str, start: Start) -> None:
    worker = start("film")
    ended(client, job_of(client, kind))
    begun = time.monotonic()
    assert worker.end() == 0
    assert time.monotonic() - begun < 10


def test_a_worker_that_was_killed_costs_the_finished_shots_nothing(
    client: Client, kind: str, start: Start, tmp_path: pathlib.Path
) -> None:
    worker = start("film", "--lease-seconds", "2")
    name = job_of(client, kind, content="wait")
    pid = int(appears(tmp_path / "fourth"))
    assert worker.end(signal.SIGKILL) == -signal.SIGKILL
    vanishes(pid)
    (tmp_path / "go-on").touch()
    start("film")
    job = ended(client, name)
    assert job["result"] and job["result"]["attempt"] == 2
    rendered = (tmp_path / "rendered").read_text().split()
    assert rendered == [f"shot-{number:02}" for number in range(10)]


def test_a_worker_that_sleeps_does_not_go_on_with_a_lost_job(
    client: Client, kind: str, start: Start, tmp_path: pathlib.Path
) -> None:
    worker = start("sleeps", "--lease-seconds", "2")
    name = job_of(client, kind)
    pid = int(appears(tmp_path / "sleeping"))
    worker.process.send_signal(signal.SIGSTOP)
    deadline = time.monotonic() + PATIENCE
    while state_of(pid) != "T":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    ended(client, name, "queued")
    worker.process.send_signal(signal.SIGCONT)
    assert appears(tmp_path / "interrupted").startswith("LeaseLost\n")
    vanishes(pid)


def test_two_jobs_run_at_the_same_time_in_processes_of_their_own(
    client: Client, kind: str, start: Start, tmp_path: pathlib.Path
) -> None:
    start("waits", concurrency=2)
    names = [job_of(client, kind) for _ in range(3)]
    deadline = time.monotonic() + PATIENCE
    while appears(tmp_path / "waiting").count("\n") < 2:
        assert time.monotonic() < deadline
    running = client.list_jobs(job_type=kind, status="processing")["jobs"]
    assert len(running) == 2
    (tmp_path / "go-on").touch()
    results = [ended(client, name)["result"] for name in names]
    assert len({str(result) for result in results}) == 3


@pytest.mark.parametrize("name, sentence", [
    ("jobs_to_do", "write module:function"),
    ("no_such_module:make", "there is no module no_such_module"),
    ("jobs_to_do:no_such", "jobs_to_do has no no_such"),
    ("jobs_to_do:no_worker", "decorate it with @worker"),
])
def test_a_wrong_name_is_explained(name: str, sentence: str, tmp_path: pathlib.Path) -> None:
    settings = environment(TEST_KIND="film", TEST_FUNCTION="film", TEST_FOLDER=str(tmp_path),
                           PYTHONPATH=str(HERE.parent / "src"))
    done = subprocess.run([sys.executable, "-m", "callsheet.worker", name], cwd=HERE,
                          env=settings, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 2 and sentence in done.stderr
    assert "Traceback" not in done.stderr and "RuntimeWarning" not in done.stderr


def test_a_killed_launcher_stops_the_worker(
    client: Client, kind: str, start: Start, tmp_path: pathlib.Path
) -> None:
    worker = start("sleeps")
    name = job_of(client, kind, max_attempts=1)
    pid = int(appears(tmp_path / "sleeping"))
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    launcher = int(stat.rsplit(")", 1)[1].split()[1])
    os.kill(launcher, signal.SIGKILL)
    assert worker.process.wait(PATIENCE) == 1
    worker.end()
    assert "the launcher of the worker was killed" in worker.text
    vanishes(pid)
    job = client.get_job(name)
    assert job and "killed by signal 9" in str(job["error"])
