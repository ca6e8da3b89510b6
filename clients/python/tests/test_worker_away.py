"""A worker while its server is away, or something else answers."""

from __future__ import annotations

import pathlib
import time
from typing import Any, Callable, Dict

import pytest
from faking import FakeServer, Request, problem, success
from serving import Database
from working import PATIENCE, Start, WorkerProcess, appears, ended, job_of

from callsheet import Client


def test_jobs_go_on_while_the_server_is_away(
    own_database: Database, kind: str, start: Start, tmp_path: pathlib.Path
) -> None:
    first = own_database.serve()
    client = Client(first.url)
    worker = start("film", url=first.url)
    name = job_of(client, kind, content="wait")
    appears(tmp_path / "fourth")
    first.kill()
    (tmp_path / "go-on").touch()
    while "is away" not in worker.text:
        time.sleep(0.01)
    own_database.serve(listen=first.listen)
    job = ended(client, name)
    assert (job["status"], job["attempt"], job["completed_shots"]) == ("completed", 1, 10)
    assert worker.end() == 0
    assert "is back" in worker.text


def test_a_function_pauses_when_its_lease_may_have_ended(
    own_database: Database, kind: str, start: Start, tmp_path: pathlib.Path
) -> None:
    first = own_database.serve()
    client = Client(first.url)
    worker = start("waits", "--lease-seconds", "2", url=first.url)
    name = job_of(client, kind)
    appears(tmp_path / "waiting")
    first.kill()
    while "pauses" not in worker.text:
        assert worker.process.poll() is None
        time.sleep(0.01)
    (tmp_path / "go-on").touch()
    own_database.serve(listen=first.listen)
    job = ended(client, name)
    assert (job["status"], job["attempt"]) == ("completed", 1)


class FakeJobs:
    """A server with one job, which answers heartbeats and outcomes as a test says."""

    def __init__(self, answer: Callable[[Request], Any]) -> None:
        self.given = False
        self.answer = answer

    def __call__(self, request: Request) -> Any:
        if not request.target.endswith("/claims"):
            return self.answer(request)
        worker = request.json["worker_id"]
        if self.given:
            time.sleep(0.2)
            return success({"jobs": [], "max_body_bytes": 1 << 20})
        self.given = True
        job = {"job_id": "a", "job_type": "film", "worker_id": worker, "attempt": 1,
               "content": None}
        claimed = {"job": job, "items": [], "lease": {"token": "t", "expires_at": "x"}}
        return success({"jobs": [claimed], "max_body_bytes": 1 << 20})


def outcome(fake: FakeServer, worker: WorkerProcess) -> Request:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for request in list(fake.requests):
            if request.target.rsplit("/", 1)[1] in ("complete", "fail", "release"):
                return request
        time.sleep(0.01)
    raise AssertionError(worker.text)


def test_a_proxy_that_answers_for_the_server_is_not_believed(start: Start) -> None:
    answers: Dict[str, int] = {}

    def answer(request: Request) -> Any:
        verb = request.target.rsplit("/", 1)[1]
        answers[verb] = answers.get(verb, 0) + 1
        if answers[verb] < 4:
            return [success("ok"), problem(404, "gone_for_good"), success({"no": 1})][
                answers[verb] - 1
            ]
        if verb == "heartbeat":
            return success({"lease_expires_at": "x", "cancel_requested": False, "version": 2})
        return success({"job_id": "a", "status": "completed"})

    with FakeServer(answer=FakeJobs(answer)) as fake:
        worker = start("film", url=fake.url)
        deadline = time.monotonic() + PATIENCE
        while answers.get("complete", 0) < 4:
            assert time.monotonic() < deadline and worker.process.poll() is None, worker.text
            time.sleep(0.01)
        assert worker.end() == 0


def test_a_proxy_that_lets_no_item_pass_fails_the_attempt(start: Start) -> None:
    def answer(request: Request) -> Any:
        if request.target.endswith("/heartbeat"):
            if "items" in request.json:
                return problem(413, "too_large_for_the_proxy")
            return success({"lease_expires_at": "x", "cancel_requested": False, "version": 2})
        return success({"job_id": "a", "status": "failed"})

    with FakeServer(answer=FakeJobs(answer)) as fake:
        worker = start("film", "--lease-seconds", "1", url=fake.url)
        failed = outcome(fake, worker)
        assert failed.target.endswith("/fail")
        assert "something before the server: it answered 413" in failed.json["error"]


def test_an_outcome_that_the_server_never_takes_ends_with_1(start: Start) -> None:
    with FakeServer(answer=FakeJobs(lambda _: problem(503, "overloaded"))) as fake:
        worker = start("raises", "--lease-seconds", "1", url=fake.url)
        outcome(fake, worker)
        assert worker.end() == 1
        assert "did not take the outcome" in worker.text


@pytest.mark.parametrize("answer, sentence", [
    (problem(401, "unauthenticated", "The call needs a key."), "Check CALLSHEET_API_KEY"),
    (problem(400, "invalid_request", "No such type."), "refused to give jobs: No such type."),
    (success("<html>"), "Check the address"),
])
def test_a_worker_that_gets_no_jobs_says_why(start: Start, answer: Any, sentence: str) -> None:
    with FakeServer(answer) as fake:
        worker = start("film", url=fake.url)
        assert worker.process.wait(PATIENCE) == 1
        worker.end()
        assert sentence in worker.text
