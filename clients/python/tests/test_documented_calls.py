"""The documented calls of the older class, with their arguments."""

from __future__ import annotations

import datetime
import threading
from typing import Any, Dict

from serving import Database

from callsheet import Client, JobManager


def create(manager: JobManager, job_id: str) -> object:
    return manager.create_job(
        job_id=job_id,
        job_type="idea2video",
        content="A test video idea",
        user_requirement="Keep it short",
        style="Cartoon",
        working_dir=f".working_dir/idea2video/{job_id}",
    )


def test_create_answers_with_a_queued_job(manager: JobManager, job_id: str) -> None:
    job = manager.create_job(
        job_id=job_id, job_type="idea2video", content="A test video idea",
        user_requirement="Keep it short", style="Cartoon", working_dir=f".working_dir/{job_id}",
    )
    assert job["job_id"] == job_id
    assert job["status"] == "queued"
    assert job["working_dir"] == f".working_dir/{job_id}"


def test_an_update_is_seen_by_the_next_read(manager: JobManager, job_id: str) -> None:
    create(manager, job_id)
    manager.update_job(job_id, {"status": "processing", "progress": 50.0})
    job = manager.get_job(job_id)
    assert job
    assert job["status"] == "processing"
    assert job["progress"] == 50.0


def test_a_completed_job_has_its_result(manager: JobManager, job_id: str) -> None:
    create(manager, job_id)
    manager.mark_completed(job_id, {"video_path": "/media/test.mp4", "total_shots": 10})
    job = manager.get_job(job_id)
    assert job
    assert job["status"] == "completed"
    assert job["progress"] == 100.0
    assert job["result"]["video_path"] == "/media/test.mp4"
    assert job["result"]["total_shots"] == 10


def test_a_missing_job_is_falsy(manager: JobManager) -> None:
    for missing in ("nonexistent-id", "a/b", "..", "", "what?", "ü"):
        assert not manager.get_job(missing), missing
    assert manager.update_job("nonexistent-id", {"progress": 1.0}) is None
    assert manager.update_progress("nonexistent-id", 1.0) is None
    assert manager.update_shots("nonexistent-id", 2, 1) is None
    assert manager.mark_completed("nonexistent-id", {}) is None
    assert manager.mark_failed("nonexistent-id", "no") is None
    assert manager.delete_job("nonexistent-id") is False


def test_calls_replace_the_dictionary_of_jobs(manager: JobManager, job_id: str) -> None:
    assert not manager.get_job(job_id)  # if job_id in jobs
    create(manager, job_id)  # jobs[job_id] = {...}
    manager.update_job(job_id, {"status": "processing"})  # jobs[job_id]["status"] = ...
    job = manager.get_job(job_id)  # jobs[job_id]
    assert job and job["status"] == "processing"
    manager.mark_failed(job_id, "the disk is full")
    assert manager.delete_job(job_id) is True  # del jobs[job_id]
    assert not manager.get_job(job_id)


def test_a_job_lives_from_creation_to_its_result(manager: JobManager, job_id: str) -> None:
    before = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    create(manager, job_id)
    started = manager.update_job(job_id, {"status": "processing", "current_stage": "Story"})
    assert started and started["started_at"] and started["completed_at"] is None
    progressed = manager.update_progress(job_id, 75.5, "Rendering")
    assert progressed
    assert (progressed["progress"], progressed["current_stage"]) == (75.5, "Rendering")
    counted = manager.update_shots(job_id, 4, 3)
    assert counted
    assert (counted["total_shots"], counted["completed_shots"]) == (4, 3)
    manager.mark_completed(job_id, {"final_video_path": "/media/film.mp4"})
    job = manager.get_job(job_id)
    assert job and job["status"] == "completed"
    names = ("created_at", "started_at", "completed_at")
    times = [datetime.datetime.fromisoformat(job[name]) for name in names]
    assert times == sorted(times)
    slack = datetime.timedelta(minutes=1)
    assert before - slack < times[0] < before + slack
    assert manager.get_job(job_id) == job


def test_a_failed_job_keeps_its_error(manager: JobManager, job_id: str) -> None:
    create(manager, job_id)
    manager.update_job(job_id, {"status": "processing"})
    manager.mark_failed(job_id, "the model answered 401")
    job = manager.get_job(job_id)
    assert job and (job["status"], job["error"]) == ("failed", "the model answered 401")


def test_a_dictionary_of_jobs_moves_in(manager: JobManager, job_id: str) -> None:
    times = {"created_at": "2025-01-02T03:04:05.678901", "updated_at": "2025-01-02T03:04:06"}
    jobs: Dict[str, Dict[str, Any]] = {
        f"{job_id}-{number}": {
            "job_id": f"{job_id}-{number}",
            "type": "idea2video",
            "status": status,
            "request": {"idea": f"Idea {number}", "style": "Noir", "user_requirement": "Short"},
            "working_dir": ".working_dir/idea2video",
            "shots": [],
            "result": {"final_video_path": "/media/f.mp4"} if status == "completed" else None,
            **times,
        }
        for number, status in enumerate(["completed", "failed", "completed"])
    }
    assert manager.migrate_from_dict(jobs) == 3
    for number, (name, record) in enumerate(jobs.items()):
        job = manager.get_job(name)
        assert job
        assert (job["status"], job["content"]) == (record["status"], f"Idea {number}")
        assert (job["job_type"], job["style"]) == ("idea2video", "Noir")
        assert job["created_at"] == times["created_at"]
    assert manager.migrate_from_dict(jobs) == 0


def test_many_threads_update_one_job_and_nothing_is_lost(
    manager: JobManager, job_id: str
) -> None:
    create(manager, job_id)
    manager.update_job(job_id, {"status": "processing"})
    failures = []

    def work(number: int) -> None:
        try:
            for step in range(5):
                name = f"worker_{number}"
                manager.client.update_job(job_id, context={name: {"step": step}})
                manager.update_progress(job_id, number * 10 + step)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    job = manager.get_job(job_id)
    assert job
    assert job["context"] == {f"worker_{number}": {"step": 4} for number in range(8)}


def test_a_job_outlives_the_restart_of_its_server(own_database: Database, job_id: str) -> None:
    first = own_database.serve()
    manager = JobManager(client=Client(first.url))
    create(manager, job_id)
    first.kill()
    own_database.serve(listen=first.listen)
    job = manager.get_job(job_id)
    assert job and job["content"] == "A test video idea"


def test_a_call_waits_for_a_server_that_restarts(own_database: Database, job_id: str) -> None:
    first = own_database.serve()
    manager = JobManager(client=Client(first.url))
    create(manager, job_id)
    first.kill()
    second = threading.Timer(0.5, own_database.serve, kwargs={"listen": first.listen})
    second.start()
    job = manager.update_job(job_id, {"status": "processing", "progress": 10.0})
    second.join()
    assert job and job["progress"] == 10.0
