"""Where the older class and the API differ: each difference that the manager bridges."""

from __future__ import annotations

import inspect
import math
from typing import Any, Dict

import pytest

from callsheet import CallsheetError, Client, JobManager, job_manager

KEYS = [
    "job_id", "job_type", "mode", "status", "content", "user_requirement", "style",
    "project_title", "request_data", "context", "progress", "current_stage", "working_dir",
    "result", "error", "total_shots", "completed_shots", "episode_id", "series_id",
    "created_at", "updated_at", "started_at", "completed_at",
]
NAN = float("nan")


@pytest.fixture()
def job(manager: JobManager, job_id: str, kind: str) -> Dict[str, Any]:
    return manager.create_job(job_id, kind, "A fox on the night train")


@pytest.mark.parametrize("method, parameters", [
    ("create_job", "job_id, job_type, content, user_requirement=None, style=None, "
     "project_title=None, mode=None, request_data=None, working_dir=None, db=None"),
    ("get_job", "job_id"),
    ("update_job", "job_id, updates"),
    ("delete_job", "job_id"),
    ("list_jobs", "limit=50, offset=0, status=None, job_type=None"),
    ("update_progress", "job_id, progress, current_stage=None"),
    ("update_shots", "job_id, total_shots, completed_shots"),
    ("mark_completed", "job_id, result_data"),
    ("mark_failed", "job_id, error_message"),
    ("get_active_jobs", ""),
    ("clear_cache", ""),
    ("migrate_from_dict", "jobs_dict"),
])
def test_the_signatures_are_those_of_the_older_class(method: str, parameters: str) -> None:
    found = inspect.signature(getattr(job_manager, method)).parameters.values()
    names = [part.split("=")[0].strip() for part in parameters.split(",") if part]
    assert [one.name for one in found][: len(names)] == names
    assert all(one.name == "db" for one in list(found)[len(names):])
    for one, text in zip(found, parameters.split(",")):
        if "=" in text:
            assert repr(one.default) == text.split("=")[1].strip()


def test_a_job_has_the_keys_of_the_older_one_in_its_order(job: Dict[str, Any]) -> None:
    assert list(job) == KEYS
    assert job["request_data"] == job["context"] == {}
    assert job["result"] is None and job["error"] is None
    assert len(job["created_at"]) in (19, 26) and "Z" not in job["created_at"]
    assert "+" not in job["created_at"]


def test_a_job_is_run_by_its_caller_and_not_by_workers(
    manager: JobManager, client: Client, job: Dict[str, Any], kind: str
) -> None:
    claim = {"worker_id": "python", "job_types": [kind]}
    assert client.claim_jobs(worker_id="python", job_types=[kind])["jobs"] == []
    manager.mark_failed(job["job_id"], "no")
    client.retry_job(job["job_id"])
    claimed = client.claim_jobs(**claim)["jobs"]  # type: ignore[arg-type]
    assert [one["job"]["job_id"] for one in claimed] == [job["job_id"]]


def test_a_manager_may_leave_its_jobs_to_workers(
    client: Client, job_id: str, kind: str
) -> None:
    JobManager(client=client, run="workers").create_job(job_id, kind, "For workers")
    claimed = client.claim_jobs(worker_id="python", job_types=[kind])["jobs"]
    assert [one["job"]["job_id"] for one in claimed] == [job_id]
    with pytest.raises(ValueError, match="'creator' or 'workers'"):
        JobManager(run="somebody")


def test_updates_name_columns_and_unknown_ones_are_ignored(
    manager: JobManager, job: Dict[str, Any]
) -> None:
    updated = manager.update_job(job["job_id"], {
        "style": "Noir", "status": "processing", "mood": "dark", "id": "x", "created_at": "x",
        "result_data": {"video_path": "/media/a.mp4"},
    })
    assert updated
    assert (updated["style"], updated["status"]) == ("Noir", "processing")
    assert updated["result"]["video_path"] == "/media/a.mp4"
    assert updated["created_at"] == job["created_at"]
    assert manager.update_job(job["job_id"], {"mood": "dark"}) == updated
    warned = manager.update_job(job["job_id"], {"error_message": "a warning"})
    assert warned and warned["error"] == "a warning"


def test_objects_are_replaced_as_the_older_class_did(
    manager: JobManager, job: Dict[str, Any]
) -> None:
    first = {"a": 1, "deep": {"b": 2, "c": 3}}
    manager.update_job(job["job_id"], {"context": first})
    updated = manager.update_job(job["job_id"], {"context": {"deep": {"c": 4}}})
    assert updated and updated["context"] == {"deep": {"c": 4}}


def test_a_status_is_a_transition(manager: JobManager, job: Dict[str, Any]) -> None:
    name = job["job_id"]
    started = manager.update_job(name, {"status": "processing"})
    assert started and started["started_at"]
    failed = manager.update_job(name, {"status": "failed", "error_message": "no"})
    assert failed and failed["completed_at"]
    again = manager.update_job(name, {"status": "processing"})
    assert again and again["status"] == "processing"
    ended = manager.update_job(name, {"status": "completed", "result_data": {"a": 1}})
    assert ended and (ended["status"], ended["progress"]) == ("completed", 100.0)
    with pytest.raises(CallsheetError) as refused:
        manager.update_job(name, {"status": "processing"})
    assert refused.value.code == "job_transition_illegal"


def test_counts_and_folder_are_taken_after_the_end(
    manager: JobManager, job: Dict[str, Any]
) -> None:
    manager.mark_completed(job["job_id"], {"video_path": "/media/a.mp4"})
    updated = manager.update_job(job["job_id"], {"total_shots": 10, "working_dir": "/films/a"})
    assert updated
    assert (updated["total_shots"], updated["working_dir"]) == (10, "/films/a")
    counted = manager.update_shots(job["job_id"], 10, 10)
    assert counted and counted["completed_shots"] == 10


def test_a_queued_job_may_be_completed(manager: JobManager, job: Dict[str, Any]) -> None:
    done = manager.mark_completed(job["job_id"], {"video_path": "/media/a.mp4", "note": None})
    assert done and done["status"] == "completed" and done["started_at"]
    assert done["result"]["note"] is None
    again = manager.mark_completed(job["job_id"], {"video_path": "/media/b.mp4"})
    assert again and again["result"]["video_path"] == "/media/b.mp4"


def test_a_failed_job_may_be_completed_after_all(
    manager: JobManager, job: Dict[str, Any]
) -> None:
    manager.mark_failed(job["job_id"], "no")
    done = manager.mark_completed(job["job_id"], {"video_path": "/media/a.mp4"})
    assert done and (done["status"], done["error"]) == ("completed", None)


def test_a_failure_is_final(
    manager: JobManager, client: Client, job: Dict[str, Any], kind: str
) -> None:
    failed = manager.mark_failed(job["job_id"], "no money left")
    assert failed and (failed["status"], failed["error"]) == ("failed", "no money left")
    assert client.claim_jobs(worker_id="python", job_types=[kind])["jobs"] == []
    manager.mark_completed(job["job_id"], {})
    with pytest.raises(CallsheetError):
        manager.mark_failed(job["job_id"], "too late")


@pytest.mark.parametrize("progress, taken", [
    (150, 100.0), (-3.5, 0.0), (math.inf, 100.0), (-math.inf, 0.0), (NAN, 20.0), ("?", 20.0),
])
def test_progress_is_clamped_with_a_warning(
    manager: JobManager, job: Dict[str, Any], progress: Any, taken: float
) -> None:
    manager.update_progress(job["job_id"], 20.0)
    with pytest.warns(RuntimeWarning, match="progress is"):
        updated = manager.update_progress(job["job_id"], progress)
    assert updated and updated["progress"] == taken
    with pytest.warns(RuntimeWarning, match="progress is"):
        updated = manager.update_job(job["job_id"], {"progress": progress})
    assert updated and updated["progress"] == taken


def test_progress_of_a_queued_job_starts_it(manager: JobManager, job: Dict[str, Any]) -> None:
    updated = manager.update_progress(job["job_id"], 10.0, "Story")
    assert updated
    assert (updated["status"], updated["progress"]) == ("processing", 10.0)


def test_progress_of_an_ended_job_stays_with_a_warning(
    manager: JobManager, job: Dict[str, Any]
) -> None:
    manager.mark_completed(job["job_id"], {})
    with pytest.warns(RuntimeWarning, match="is completed: progress and current_stage stay"):
        updated = manager.update_progress(job["job_id"], 10.0, "Story")
    assert updated and (updated["status"], updated["progress"]) == ("completed", 100.0)


def test_a_list_has_no_bound(manager: JobManager, client: Client, kind: str) -> None:
    for start in range(0, 450, 150):
        client.create_jobs(jobs=[
            {"job_type": kind, "job_id": f"{kind}-{number:03}"}
            for number in range(start, start + 150)
        ])
    everything = manager.list_jobs(limit=10_000, job_type=kind)
    assert len(everything["jobs"]) == 450
    assert everything["pagination"] == {
        "total": 450, "limit": 10_000, "offset": 0, "has_more": False,
    }
    names = [job["job_id"] for job in everything["jobs"]]
    times = [job["created_at"] for job in everything["jobs"]]
    assert times == sorted(times, reverse=True)
    part = manager.list_jobs(limit=210, offset=225, job_type=kind, status="queued")
    assert [job["job_id"] for job in part["jobs"]] == names[225:435]
    assert part["pagination"]["has_more"] is True
    assert list(part["jobs"][0]) == KEYS
    assert manager.list_jobs(limit=0, job_type=kind)["jobs"] == []
    assert manager.list_jobs(job_type="no-such-type")["jobs"] == []


def test_active_jobs_come_oldest_first(manager: JobManager, kind: str) -> None:
    names = [f"{kind}-{number}" for number in range(4)]
    for name in names:
        manager.create_job(name, kind, "A fox")
    manager.update_job(names[1], {"status": "processing"})
    manager.mark_completed(names[2], {})
    active = [job["job_id"] for job in manager.get_active_jobs() if job["job_type"] == kind]
    assert active == [names[0], names[1], names[3]]
    manager.clear_cache()


def test_a_bad_record_never_costs_the_others(manager: JobManager, job_id: str) -> None:
    good = {"type": "script2video", "status": "completed", "request": {"script": "INT. TRAIN"},
            "created_at": "2025-01-02T03:04:05", "working_dir": ".working_dir/x", "shots": []}
    jobs: Dict[str, Any] = {
        f"{job_id}-0": good,
        f"{job_id}-1": None,
        f"{job_id}-2": {**good, "request": None},
        f"{job_id}-3": {**good, "result": object()},
        f"{job_id}-4": "not a job",
        f"{job_id}-5": {**good, "progress": NAN},
    }
    came = manager.migrate_from_dict(jobs)
    found = [name for name in jobs if manager.get_job(name)]
    assert came == len(found)
    assert {f"{job_id}-0", f"{job_id}-2", f"{job_id}-5"} <= set(found)
    assert manager.migrate_from_dict({}) == 0


def test_values_are_converted_or_named(manager: JobManager, job: Dict[str, Any]) -> None:
    import datetime
    import pathlib
    time = datetime.datetime(2026, 1, 2, 3, 4, 5)
    result = {"path": pathlib.Path("/media/a.mp4"), "at": time, "score": NAN}
    done = manager.mark_completed(job["job_id"], result)
    assert done
    assert done["result"]["at"] == "2026-01-02T03:04:05" and done["result"]["score"] is None
    with pytest.raises(CallsheetError, match=r"result_data.shots\[0\].frame is of type object"):
        manager.mark_completed(job["job_id"], {"shots": [{"frame": object()}]})


def test_an_id_that_is_taken_or_impossible_is_named(
    manager: JobManager, job: Dict[str, Any], kind: str
) -> None:
    with pytest.raises(CallsheetError) as taken:
        manager.create_job(job["job_id"], kind, "Again")
    assert taken.value.code == "job_exists" and taken.value.status == 409


def test_the_server_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    monkeypatch.setenv("CALLSHEET_SERVER", client.server + "/")
    assert JobManager().client.server == client.server
