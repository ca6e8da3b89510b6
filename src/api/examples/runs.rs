//! Imports, actions, archives and backups in the examples.

use super::rows::JOB;
use serde_json::{Value, json};

pub const IMPORT: &str = "0199d3b0-5f11-7000-8000-3f1c5b8a2d10";

pub const ACTION: &str = "0199d3c0-7a11-7000-8000-3f1c5b8a2d10";

pub fn import() -> Value {
    json!({
        "import_id": IMPORT, "status": "finished", "found": 24, "imported": 21, "already_there": 2, "merged": 0,
        "overwritten": 0, "repaired": 3, "rejected": 1, "rejects_kept": 1, "error": null, "started_at": "2026-01-31T12:00:00.123456Z",
        "finished_at": "2026-01-31T12:00:01.5Z", "report": {"sources": [sums(true)], "total": sums(false)},
        "options": {
            "files": ["jobs.json"], "from": null, "source_tz": "America/New_York", "interrupted": "keep",
            "on_conflict": "skip", "dry_run": false,
        },
    })
}

/// Returns the counts of an import; with `of_source`, those of its only source.
pub fn sums(of_source: bool) -> Value {
    let mut sums = json!({
        "found": 24, "imported": 21, "already_there": 2, "merged": 0, "overwritten": 0, "repaired": 3, "rejected": 1,
        "rejected_by_reason": {"unknown_status": 1}, "repaired_by_rule": {"progress_put_on_scale": 3},
    });
    if of_source {
        sums["source"] = json!("jobs.json");
    }
    sums
}

pub fn reject() -> Value {
    json!({
        "reject_id": 7, "file": "jobs.json", "key": "batch-1b15d93a", "reason": "unknown_status",
        "detail": "The status `archived` is not known.", "raw": "{\"status\": \"archived\"}",
        "created_at": "2026-01-31T12:00:01Z",
    })
}

pub fn action() -> Value {
    json!({
        "action_id": ACTION, "action": "retry", "undoes": null, "priority": null, "filter": filter(),
        "filter_text": "status failed, type idea2video", "status": "running", "matching": 41, "done": 20, "changed": 19,
        "skipped": 1, "failed": 0, "created_at": "2026-01-31T12:00:02.5Z", "by": {"key_id": "k3x9a2m7", "name": "render farm"},
        "finished_at": null, "error": null,
    })
}

pub fn action_outcome() -> Value {
    json!({
        "outcome_id": 7, "job_id": JOB, "outcome": "skipped", "code": "job_transition_illegal",
        "detail": "A job that is completed cannot be retried: it has ended and stays as it is.",
    })
}

pub fn filter() -> Value {
    json!({"status": ["failed"], "job_type": "idea2video"})
}

pub fn archive() -> Value {
    json!({
        "archive_id": "0199d3e0-2d11-7000-8000-3f1c5b8a2d10",
        "location": "2026/01/0199d3e0-2d11-7000-8000-3f1c5b8a2d10.jsonl.zst", "jobs": 500,
        "archived": 499, "bytes": 812344,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "archived_at": "2026-01-31T12:00:00Z",
    })
}

pub fn retention_rule() -> Value {
    json!({
        "job_type": null, "completed": "30d", "failed": "90d", "cancelled": "7d", "then": "delete",
        "keep_media": true,
    })
}

pub fn retention_count() -> Value {
    json!({
        "then": "delete", "status": "completed", "job_type": "idea2video", "month": "2025-12",
        "jobs": 412,
    })
}

pub fn backup() -> Value {
    json!({"name": "callsheet-20260310T020000000Z.db.zst", "bytes": 48_113_664, "created_at": "2026-03-10T02:00:00Z"})
}
