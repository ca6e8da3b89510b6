"""What a function reports, and how it ends."""

from __future__ import annotations

import pathlib
from typing import List

import pytest
from working import Start, appears, ended, job_of, vanishes

from callsheet import Client


def test_a_function_makes_a_film(
    client: Client, kind: str, start: Start, tmp_path: pathlib.Path
) -> None:
    start("film")
    job = ended(client, job_of(client, kind))
    assert job["status"] == "completed" and job["progress"] == 100
    assert job["result"] and job["result"]["seconds"] == 30
    assert (job["total_shots"], job["completed_shots"]) == (10, 10)
    shots = client.list_shots(job["job_id"])["shots"]
    assert [shot["video_path"] for shot in shots][9] == "/media/shot-09.mp4"


def test_all_reports_arrive(client: Client, kind: str, start: Start) -> None:
    start("reports")
    job = ended(client, job_of(client, kind, content="A fox"))
    assert job["result"] == {
        "type": kind, "content": "A fox", "pending": ["b"], "path": "/media/x.mp4", "score": None,
    }
    assert job["current_stage"] == "Story"
    items = {item["key"]: item for item in client.list_items(job["job_id"])["items"]}
    states = {key: item["status"] for key, item in items.items()}
    assert states == {"a": "completed", "b": "failed", "c": "skipped"}
    assert items["a"]["result"] == {"at": "2026-01-02T00:00:00", "path": "/media/a.mp4"}
    assert items["b"]["error"] == "no light"
    lines = [one["data"] for one in client.list_events(job["job_id"], limit=200)["events"]
             if one["kind"] == "logged"]
    assert "first line" in str(lines) and "second line" in str(lines)


def test_a_function_calls_the_server_with_the_token_of_its_job(
    client: Client, kind: str, start: Start
) -> None:
    start("calls_by_itself")
    job = ended(client, job_of(client, kind))
    assert (job["status"], job["error"]) == ("completed", None)
    items = client.list_items(job["job_id"])["items"]
    assert [(item["key"], item["status"]) for item in items] == [("shot-1", "completed")]
    assert "shot-1 took 41 s" in str(client.list_events(job["job_id"], limit=200)["events"])


def test_progress_out_of_range_is_clamped(client: Client, kind: str, start: Start) -> None:
    worker = start("progress_out_of_range")
    job = ended(client, job_of(client, kind))
    assert job["status"] == "completed" and job["result"] is None
    worker.end()
    assert "progress is 150: 100 is taken" in worker.text
    assert "progress is nan, which is no number" in worker.text


@pytest.mark.parametrize("function, sentences", [
    ("raises", ["ValueError: frame 7 is empty\n", "jobs_to_do.py", "in raises"]),
    ("exits", ["called sys.exit(3)", "return its result"]),
    ("kills_itself", ["killed by signal 9"]),
    ("leaves", ["exit code 9", "did not return"]),
    ("returns_a_number", ["the function returned int: return a dict"]),
    ("returns_an_object", ["the result.shots[0].frame is of type object"]),
    ("reports_a_bad_key", ["the server refused it", "/items/0/key"]),
    ("fails_for_good", ["the script is too long"]),
])
def test_a_failure_says_what_happened(
    client: Client, kind: str, start: Start, function: str, sentences: List[str]
) -> None:
    start(function)
    job = ended(client, job_of(client, kind, max_attempts=1))
    assert job["status"] == "failed"
    for sentence in sentences:
        assert sentence in str(job["error"])
    assert "child.py" not in str(job["error"])


def test_a_failure_says_whether_and_when_to_try_again(
    client: Client, kind: str, start: Start, tmp_path: pathlib.Path
) -> None:
    first = start("fails_for_good")
    job = ended(client, job_of(client, kind))
    assert (job["status"], job["attempt"]) == ("failed", 1)
    first.end()
    start("asks_to_wait")
    name = job_of(client, kind)
    for message in client.follow(name):
        if message.data.get("kind") == "retry_scheduled" or message.data.get("error"):
            break
    waiting = ended(client, name, "queued")
    assert waiting["error"] == "no card is free"
    assert waiting["run_at"] and waiting["attempt"] == 1


def test_a_result_that_is_too_large_is_refused_where_it_was_reported(
    client: Client, kind: str, start: Start
) -> None:
    start("reports_a_huge_result")
    job = ended(client, job_of(client, kind))
    assert job["result"] and "the server refused it" in job["result"]["refused"]


def test_megabytes_of_output_cost_nothing(client: Client, kind: str, start: Start) -> None:
    start("prints_megabytes")
    job = ended(client, job_of(client, kind))
    assert job["result"] == {"printed": 4}
    lines = [one["data"] for one in client.list_events(job["job_id"], limit=200)["events"]
             if one["kind"] == "logged"]
    assert lines and "more lines were left out" in str(lines)


def test_a_copy_that_returns_too_is_no_second_outcome(
    client: Client, kind: str, start: Start
) -> None:
    start("forks")
    assert ended(client, job_of(client, kind))["result"] == {"of": "the process"}
    assert ended(client, job_of(client, kind))["result"] == {"of": "the process"}


def test_threads_and_processes_report_too(client: Client, kind: str, start: Start) -> None:
    start("pools")
    job = ended(client, job_of(client, kind))
    assert job["result"] == {"exits": [0] * 8}
    items = client.list_items(job["job_id"])["items"]
    assert len(items) == 16 and {item["status"] for item in items} == {"completed"}


def test_what_a_function_leaves_behind_is_killed(
    client: Client, kind: str, start: Start, tmp_path: pathlib.Path
) -> None:
    start("leaves_a_process_behind")
    ended(client, job_of(client, kind))
    vanishes(int(appears(tmp_path / "left")))
