"""Shapes of the older service: its dictionaries, and the names of its columns."""

from __future__ import annotations

import datetime
from typing import Any, Dict, Mapping, Optional

# The keys of the older `to_dict`, in its order.
KEYS = (
    "job_id", "job_type", "mode", "status", "content", "user_requirement", "style",
    "project_title", "request_data", "context", "progress", "current_stage", "working_dir",
    "result", "error", "total_shots", "completed_shots", "episode_id", "series_id",
    "created_at", "updated_at", "started_at", "completed_at",
)
TIMES = KEYS[-4:]
OBJECTS = ("request_data", "context", "result")

# Columns that an update may set, by the name of the field. Times and ids are the server's.
COLUMNS = {
    **{name: name for name in KEYS[2:19]},
    "result_data": "result",
    "error_message": "error",
}


def job(answer: Mapping[str, Any]) -> Dict[str, Any]:
    """Returns a job as the older `to_dict` did: 23 keys, and times in UTC without a zone."""
    older = {key: answer.get(key) for key in KEYS}
    for key in TIMES:
        older[key] = naive(older[key])
    for key in ("request_data", "context"):
        older[key] = older[key] or {}
    return older


def naive(time: Optional[str]) -> Optional[str]:
    """Returns a time of the API as `datetime.isoformat` writes one without a zone."""
    if time is None:
        return None
    text = time.rstrip("Z")
    whole, _, fraction = text.partition(".")
    if not fraction:
        return whole
    # Python before 3.11 reads three or six digits only.
    return datetime.datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}").isoformat()


def patch(updates: Mapping[str, Any]) -> Dict[str, Any]:
    """Returns the fields to set for updates that name columns. Unknown names are ignored."""
    fields = {COLUMNS[name]: value for name, value in updates.items() if name in COLUMNS}
    for name in ("progress", "total_shots", "completed_shots", "status"):
        # The older class stored null there; the API has no such value.
        if name in fields and fields[name] is None:
            del fields[name]
    return fields


def replacing(old: Any, new: Any) -> Any:
    """Returns the merge patch that makes `old` become `new`. A null in `new` removes its member,
    because a merge patch has no other meaning for it."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    changes = {name: replacing(old.get(name), value) for name, value in new.items()}
    return {**changes, **{name: None for name in old if name not in new}}
