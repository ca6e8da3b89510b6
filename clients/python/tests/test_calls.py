"""Calls over a network and proxies that do not do what they should."""

from __future__ import annotations

import json
import pickle
import socket
from typing import Any, List

import pytest
from faking import BREAK, Answer, FakeServer, problem, success

from callsheet import CallsheetError, Client, JobManager, ServerUnavailable
from callsheet._retry import Retries, retry_after

JOB = success({"job_id": "a"})


def test_a_busy_server_is_asked_again_when_it_says() -> None:
    busy = problem(503, "overloaded", Retry_After="0")
    limited = problem(429, "rate_limited", Retry_After="0")
    with FakeServer(busy, limited, BREAK, JOB) as server:
        assert Client(server.url).create_job(job_type="film")["job_id"] == "a"
        keys = {request.headers["idempotency-key"] for request in server.requests}
        assert len(server.requests) == 4 and len(keys) == 1
        Client(server.url).create_job(job_type="film")
        assert server.requests[-1].headers["idempotency-key"] not in keys


def test_the_last_answer_of_a_busy_server_is_the_error() -> None:
    with FakeServer(problem(503, "overloaded", Retry_After="100")) as server:
        with pytest.raises(CallsheetError) as busy:
            Client(server.url).get_job("a")
        assert (busy.value.code, busy.value.status) == ("overloaded", 503)
        assert len(server.requests) == 1


def test_a_call_that_cannot_be_repeated_is_not() -> None:
    with FakeServer(BREAK, JOB) as server:
        with pytest.raises(ServerUnavailable, match="its outcome is unknown"):
            Client(server.url).start_job("a")
        assert len(server.requests) == 1
    with FakeServer(BREAK, JOB) as server:
        Client(server.url).mark_completed("a", lease_token="t")
        assert len(server.requests) == 2
    with FakeServer(BREAK, success({"jobs": []})) as server:
        Client(server.url).claim_jobs(worker_id="w", job_types=["film"])
        first, second = server.requests
        assert first.json["call_id"] == second.json["call_id"]


def test_a_server_that_is_away_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    client = Client(f"http://127.0.0.1:{port}", retry_seconds=0.3)
    with pytest.raises(ServerUnavailable) as away:
        client.list_jobs()
    message = str(away.value)
    assert f"http://127.0.0.1:{port}" in message and "refused" in message
    assert "tries" in message and "CALLSHEET_SERVER" in message
    assert away.value.code == "server_unavailable" and away.value.status is None


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ServerUnavailable, match="no answer in time"):
            Client(url, timeout=0.1, retry_seconds=0.1).get_job("a")


@pytest.mark.parametrize("answer", [
    Answer(200, b"<html>", "text/html"),
    Answer(200, b"no json"),
    Answer(302, b"", headers=(("Location", "http://127.0.0.1:9/"),)),
    Answer(404, b'{"code": "job_not_found"}', "application/json"),
    Answer(502, b"Bad gateway", "text/plain"),
    Answer(404, b"[]", "application/problem+json"),
])
def test_only_callsheet_is_believed(answer: Answer) -> None:
    with FakeServer(answer) as server:
        with pytest.raises(ServerUnavailable, match="is not Callsheet") as misled:
            Client(server.url).get_job("a")
        assert misled.value.status == answer.status


def test_a_server_that_lacks_an_operation_is_older() -> None:
    with FakeServer(problem(404, "route_not_found")) as server:
        with pytest.raises(CallsheetError, match="may be older than this client"):
            Client(server.url).get_stats()


def test_a_server_that_would_give_the_job_to_workers_is_older() -> None:
    unknown = {"pointer": "/run", "code": "unknown_field", "detail": "Unknown field; remove it."}
    refusal = {"code": "invalid_request", "detail": "No.", "errors": [unknown]}
    answer = Answer(400, json.dumps(refusal).encode(), "application/problem+json")
    with FakeServer(answer) as server:
        with pytest.raises(CallsheetError, match=r"is older than this package.*run=\"workers\""):
            JobManager(server.url).create_job("a", "film", "A fox")


def test_the_paths_below_a_prefix_are_kept() -> None:
    with FakeServer(JOB) as server:
        Client(f"{server.url}/callsheet/").get_job("a/b")
        assert server.requests[0].target == "/callsheet/api/v1/jobs/a%2Fb"


@pytest.mark.parametrize("url", ["ftp://host", "http://", "http://host:port", "http://h?x=1"])
def test_a_bad_address_is_named(url: str) -> None:
    with pytest.raises(CallsheetError, match="is not the URL of a server"):
        Client(url)


def test_an_address_without_a_scheme_is_taken() -> None:
    assert Client("localhost:3001").server == "http://localhost:3001"


def test_a_server_without_tls_is_named() -> None:
    with FakeServer(JOB) as server:
        with pytest.raises(ServerUnavailable, match="try http://"):
            Client(server.url.replace("http://", "https://")).get_job("a")


def test_a_connection_that_the_server_closed_is_not_used_again() -> None:
    closing = Answer(200, b'{"job_id": "a"}', headers=(("Connection", "close"),))
    with FakeServer(closing) as server:
        client = Client(server.url)
        for _ in range(3):
            client.start_job("a")
        assert len(server.requests) == 3


def test_lists_and_booleans_become_a_query() -> None:
    with FakeServer(success({"jobs": [], "has_more": False, "next_cursor": None})) as server:
        Client(server.url).list_jobs(label=["a=b&c", "d=é"], limit=3)
        Client(server.url).list_series(counts=True)
        assert server.requests[0].target == "/api/v1/jobs?label=a%3Db%26c&label=d%3D%C3%A9&limit=3"
        assert server.requests[1].target == "/api/v1/series?counts=true"


def test_a_stream_that_breaks_in_a_message_repeats_it() -> None:
    kind = "text/event-stream"
    whole = (
        b": hello\r\nid: 5\r\nevent: change\r\n"
        b'data: {"status":\r\ndata: "processing"}\r\n\r\n'
    )
    broken = Answer(200, whole + b"id: 6\nevent: change\ndata: {", kind)
    rest = Answer(200, b'id: 6\nevent: change\ndata: {"status": "completed"}\n\n', kind)
    with FakeServer(broken, rest) as server:
        messages = list(Client(server.url).follow("a"))
        assert [(one.id, one.data["status"]) for one in messages] == [
            ("5", "processing"), ("6", "completed"),
        ]
        assert server.requests[1].headers["last-event-id"] == "5"


def test_a_stream_that_cannot_be_resumed_says_so() -> None:
    with FakeServer(Answer(200, b"", "text/event-stream")) as server:
        with pytest.raises(ServerUnavailable, match="could not be resumed"):
            next(Client(server.url, retry_seconds=0.3).events())
    with FakeServer(problem(404, "job_not_found")) as server:
        with pytest.raises(CallsheetError) as missing:
            next(Client(server.url).follow("a"))
        assert missing.value.code == "job_not_found"


def test_waits_double_and_end_with_the_time() -> None:
    slept: List[float] = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 3))
        now[0] += seconds

    retries = Retries(10.0, sleep, lambda: now[0], lambda: 1.0)
    while retries.wait():
        pass
    assert slept == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2]
    assert retry_after({"retry-after": "7"}) == 7.0
    for odd in ("", "-1", "Wed, 21 Oct 2026", "9999999", "١"):
        assert retry_after({"retry-after": odd}) is None


def test_errors_travel_between_processes() -> None:
    errors: List[Any] = [
        CallsheetError("job_exists", 409, {"code": "job_exists"}, "taken"),
        ServerUnavailable("server_unavailable", None, None, "away"),
    ]
    for error in errors:
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is type(error) and str(copy) == str(error)
        assert (copy.code, copy.status, copy.problem) == (error.code, error.status, error.problem)
