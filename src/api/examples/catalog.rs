//! Keys, schedules, webhooks, series and episodes in the examples.

use super::rows::{IDEA, JOB, counts};
use serde_json::{Value, json};

pub const KEY_TEXT: &str = "cs_k3x9a2m7_EXAMPLE0EXAMPLE0EXAMPLE0EXAMPLE0EXAMPLE0000";

pub const SERIES: &str = "0199d3a0-11aa-7000-8000-5a6b7c8d9e0f";

pub const EPISODE: &str = "0199d3a0-22bb-7000-8000-5a6b7c8d9e0f";

pub fn key() -> Value {
    json!({
        "key_id": "k3x9a2m7", "name": "render farm", "role": "worker", "job_types": null, "labels": {"team": "red"}, "created_at": "2026-01-31T12:00:00Z",
        "created_by": null, "expires_at": null, "last_used_at": "2026-01-31T12:05:00Z", "revoked_at": null,
        "requests_per_minute": 6000,
    })
}

pub fn audited() -> Value {
    json!({
        "entry_id": "0199d3d0-1c11-7000-8000-3f1c5b8a2d10", "at": "2026-01-31T12:00:00Z", "key_id": "k3x9a2m7",
        "operation": "cancel_job", "target": JOB, "request_id": "0199d3d0-1c10-7000-8000-3f1c5b8a2d10",
        "status": 200, "calls": 1,
    })
}

pub fn schedule() -> Value {
    json!({
        "schedule_id": "nightly", "kind": "cron", "expr": "30 2 * * *", "timezone": "Europe/Berlin",
        "words": "At 02:30 (Europe/Berlin)", "template": {"job_type": "idea2video", "content": IDEA},
        "overlap": "skip", "missed": "last", "window_seconds": 3600, "jitter_seconds": 0,
        "starts_at": null, "ends_at": null, "paused_at": null, "next_at": "2026-02-01T01:30:00Z",
        "last_at": "2026-01-31T01:30:00Z", "last_job_id": "nightly.20260131T013000Z", "fired": 31,
        "skipped": 0, "error": null, "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z", "version": 1,
    })
}

pub fn webhook() -> Value {
    json!({
        "webhook_id": "0199d3e0-2b11-7000-8000-3f1c5b8a2d10", "url": "https://hooks.studio.example/callsheet",
        "kinds": ["job.completed", "job.failed"], "job_types": [], "labels": {"team": "red"},
        "state": "active", "reason": null, "failing_since": null, "position": 4711, "behind": 0,
        "waiting": 0, "secret": null, "previous_secret_until": null,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "version": 1,
    })
}

pub fn delivery() -> Value {
    json!({
        "delivery_id": 4711, "webhook_id": "0199d3e0-2b11-7000-8000-3f1c5b8a2d10",
        "message_id": "evt_0199d3e0-2b11-7000-8000-3f1c5b8a2d10_90210", "kind": "job.completed",
        "url": null, "job_id": JOB, "position": 90210, "state": "delivered", "attempt": 1, "next_at": null,
        "status_code": 204, "error": null, "duration_ms": 41, "response": "",
        "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z",
    })
}

pub fn series() -> Value {
    json!({"series_id": SERIES, "title": "Night trains", "created_at": "2026-01-30T09:00:00Z", "jobs": counts()})
}

pub fn episode() -> Value {
    json!({
        "episode_id": EPISODE, "series_id": SERIES, "title": "Home", "number": 1, "created_at": "2026-01-30T09:05:00Z",
        "jobs": counts(),
    })
}
