"""The job manager of the older video service, with its calls, over a Callsheet server.

    from callsheet import job_manager

The methods take and return what those of the older class did. A job that is made here is run by
its caller: workers get it only after a retry, a recovery or a release.
"""

from __future__ import annotations

import json
import time
from typing import Any, Dict, List, Mapping, Optional

from . import _legacy
from ._address import quoted
from ._older_calls import ILLEGAL, Job, OlderCalls, clamp, contested
from .client import Client
from .errors import CallsheetError, UnserializableValue
from .json_values import to_json


class JobManager(OlderCalls):
    """Creates, reads and changes jobs as the older class of this name did.

    `server` and `api_key` are those of `Client`; they are read at the first call. With
    `run="workers"`, new jobs are given to workers of their type instead of being the caller's.
    Threads may share a manager, and a forked process may go on using it.
    """

    def __init__(
        self,
        server: Optional[str] = None,
        api_key: Optional[str] = None,
        *,
        run: str = "creator",
        client: Optional[Client] = None,
    ) -> None:
        if run not in ("creator", "workers"):
            raise ValueError(f"run is {run!r}: it is 'creator' or 'workers'")
        super().__init__(server, api_key, client)
        self.run = run

    def create_job(
        self,
        job_id: str,
        job_type: str,
        content: str,
        user_requirement: Optional[str] = None,
        style: Optional[str] = None,
        project_title: Optional[str] = None,
        mode: Optional[str] = None,
        request_data: Optional[Dict[str, Any]] = None,
        working_dir: Optional[str] = None,
        db: Any = None,
    ) -> Job:
        """Creates a queued job. Raises `CallsheetError` (`job_exists`) if its id is taken."""
        fields = {
            "job_id": job_id, "job_type": job_type, "content": content,
            "user_requirement": user_requirement, "style": style, "project_title": project_title,
            "mode": mode, "request_data": request_data, "working_dir": working_dir,
        }
        body = {name: value for name, value in fields.items() if value is not None}
        if self.run == "creator":
            body["run"] = "creator"
        headers = {"Idempotency-Key": None}
        try:
            answer = self.client._call("POST", "/api/v1/jobs", headers=headers, body=body)
        except CallsheetError as error:
            if any(one.get("pointer") == "/run" for one in error.errors):
                raise too_old(error, self.client.server) from error
            raise
        return _legacy.job(answer)

    def get_job(self, job_id: str, db: Any = None) -> Optional[Job]:
        """Returns the job, or None if there is none."""
        job = self._read(job_id)
        return None if job is None else _legacy.job(job)

    def update_job(self, job_id: str, updates: Mapping[str, Any], db: Any = None) -> Optional[Job]:
        """Sets columns of the job; names that are no columns are ignored.

        A `status` is a transition: the job starts, ends, or is queued again. Returns the job, or
        None if there is none.
        """
        patch = _legacy.patch(updates)
        clamp(patch)
        objects = {name: patch[name] for name in _legacy.OBJECTS if patch.get(name) is not None}
        if objects:
            # The API merges objects; the older class replaced them.
            current = self._read(job_id)
            if current is None:
                return None
            for name, value in objects.items():
                wanted = to_json(value, name)
                patch[name] = _legacy.replacing(current.get(name), wanted)
        if not patch:
            return self.get_job(job_id)
        return self._changed(job_id, patch)

    def delete_job(self, job_id: str, db: Any = None) -> bool:
        """Deletes the job. Returns False if there is none."""
        if not job_id:
            return False
        try:
            self.client.delete_job(job_id)
        except CallsheetError as error:
            if error.code != "job_not_found":
                raise
            return False
        return True

    def list_jobs(
        self,
        limit: int = 50,
        offset: int = 0,
        status: Optional[str] = None,
        job_type: Optional[str] = None,
        db: Any = None,
    ) -> Dict[str, Any]:
        """Returns `{"jobs": […], "pagination": {…}}`, the newest first. The limit has no bound:
        further pages are fetched as needed."""
        query: Dict[str, Any] = {"status": status, "job_type": job_type}
        jobs: List[Job] = []
        page: Dict[str, Any] = {}
        for page in self._pages({**query, "offset": max(0, offset)}, limit):
            jobs += [_legacy.job(job) for job in page["jobs"]]
        total = page["pagination"]["total"]
        found = jobs[: max(0, limit)]
        has_more = page["has_more"] or len(found) < len(jobs)
        pagination = {"total": total, "limit": limit, "offset": offset, "has_more": has_more}
        return {"jobs": found, "pagination": pagination}

    def update_progress(
        self,
        job_id: str,
        progress: float,
        current_stage: Optional[str] = None,
        db: Any = None,
    ) -> Optional[Job]:
        """Sets percent and, if given, the stage. A queued job is started by it."""
        patch: Dict[str, Any] = {"progress": progress}
        if current_stage is not None:
            patch["current_stage"] = current_stage
        clamp(patch)
        return self._reported(job_id, patch)

    def update_shots(
        self, job_id: str, total_shots: int, completed_shots: int, db: Any = None
    ) -> Optional[Job]:
        """Sets the counts, from which the server computes the progress."""
        patch = {"total_shots": total_shots, "completed_shots": completed_shots}
        return self._reported(job_id, patch)

    def mark_completed(
        self, job_id: str, result_data: Optional[Dict[str, Any]] = None, db: Any = None
    ) -> Optional[Job]:
        """Completes the job with its result. A queued job is started first."""
        body: Dict[str, Any] = {}
        if result_data is not None:
            body["result"] = to_json(result_data, "result_data")
        for _ in range(3):
            try:
                path = f"/api/v1/jobs/{quoted(job_id)}/complete"
                return _legacy.job(self.client._call("POST", path, body=body))
            except CallsheetError as error:
                if error.code == "job_not_found":
                    return None
                job = self._read(job_id)
                if error.code not in ILLEGAL or job is None:
                    raise
                if job["status"] == "completed":
                    return self.update_job(job_id, {"result_data": body.get("result")})
                self._start(job)
        raise CallsheetError("job_transition_illegal", 409, None, contested(job_id))

    def mark_failed(self, job_id: str, error_message: str, db: Any = None) -> Optional[Job]:
        """Fails the job; no attempt follows."""
        return self._changed(job_id, {"status": "failed", "error": str(error_message)})

    def get_active_jobs(self, db: Any = None) -> List[Job]:
        """Returns all queued and processing jobs, the oldest first."""
        jobs: Dict[str, Job] = {}
        # Queued ones first: a job that starts meanwhile is found twice instead of never.
        for status in ("queued", "processing"):
            for page in self._pages({"status": status, "order": "created_at"}, None):
                jobs.update((job["job_id"], _legacy.job(job)) for job in page["jobs"])
        return sorted(jobs.values(), key=lambda job: str(job["created_at"]))

    def clear_cache(self) -> None:
        """Does nothing: the manager keeps no jobs, so it cannot return old ones."""

    def migrate_from_dict(
        self, jobs_dict: Mapping[str, Mapping[str, Any]], db: Any = None
    ) -> int:
        """Imports the dictionary of the older service, and returns how many jobs came in.

        Jobs whose id exists are skipped. A record that cannot be read is left out, and never costs
        the others: `client.list_imports` and `list_import_rejects` say why.
        """
        if not jobs_dict:
            return 0
        dump = json.dumps({str(key): _record(str(key), job) for key, job in jobs_dict.items()})
        started = self.client.start_import(body=dump.encode(), file_name="migrate_from_dict.json")
        run = started
        wait = 0.02
        while run["status"] == "running":
            time.sleep(wait)
            wait = min(1.0, wait * 1.5)
            run = self.client.get_import(started["import_id"])
        if run["status"] != "finished":
            message = f"the import {run['import_id']} {run['status']}: {run['error']}"
            raise CallsheetError("import_failed", None, None, message)
        return run["imported"]


def too_old(error: CallsheetError, server: str) -> CallsheetError:
    message = (
        f"the server {server} is older than this package, and would give the job to workers: "
        'update the server, or say JobManager(run="workers")'
    )
    return CallsheetError(error.code, error.status, error.problem, message)


def _record(key: str, job: Any) -> Any:
    """A value that JSON cannot hold costs its record, not the others: the import rejects it."""
    try:
        return to_json(job, key)
    except UnserializableValue as error:
        return f"{error}"


job_manager = JobManager()
