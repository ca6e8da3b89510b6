//! Rows and other objects that recur in the examples.

use crate::api::dto::LARGE_FIELDS;
use serde_json::{Value, json};

pub const JOB: &str = "0199d3a4-7c1e-7b52-9f0a-3f1c5b8a2d10";
pub const TOKEN: &str = "0199d3a4-8a40-7c11-8e55-6b1f0d2c9a77";
pub const IDEA: &str = "A fox learns to ride the night train home";
pub const REQUIREMENT: &str =
    "For adults, do not exceed 3 scenes. Each scene should be no more than 5 shots.";

pub fn fields() -> Value {
    json!({
        "job_id": JOB, "job_type": "idea2video", "mode": "idea", "status": "processing", "content": IDEA,
        "user_requirement": REQUIREMENT, "style": "Cartoon style", "project_title": "Night train",
        "request_data": {"idea": IDEA}, "context": null, "progress": 50.0, "current_stage": "Rendering shots",
        "working_dir": format!(".working_dir/idea2video/{JOB}"), "result": null, "error": null, "total_shots": 2,
        "completed_shots": 1, "episode_id": null, "series_id": null, "created_at": "2026-01-31T12:00:00.123456Z", "created_by": null,
        "updated_at": "2026-01-31T12:04:10.000001Z", "started_at": "2026-01-31T12:00:02.5Z", "completed_at": null,
        "priority": 0, "run_at": null, "attempt": 1, "max_attempts": 3, "max_run_seconds": null, "run_until": null, "holds": 0,
        "worker_id": "render-1", "lease_expires_at": null, "last_heard_at": "2026-01-31T12:04:10.000001Z", "cancel_requested_at": null, "version": 4, "labels": {"team": "red"},
        "webhook": {"url": "https://hooks.studio.example/films", "kinds": ["job.completed"]},
        "source": null, "source_status": null,
    })
}

pub fn listed() -> Value {
    let mut job = fields();
    job["type"] = json!("idea2video");
    job["request"] = json!({"idea": IDEA});
    job
}

pub fn pagination() -> Value {
    json!({"total": 1, "total_exact": true, "limit": 50, "offset": 0, "has_more": false, "next_cursor": null})
}

pub fn shot() -> Value {
    json!({
        "shot_idx": 0, "status": "completed", "first_frame_path": "/media/shots/0/first_frame.png",
        "last_frame_path": "/media/shots/0/last_frame.png", "video_path": "/media/shots/0/video.mp4",
        "poster_path": "/media/shots/0/poster.jpg", "seconds": 4.0,
        "description": null, "visual_desc": "A platform at night", "motion_desc": "dolly in", "audio_desc": null,
        "camera_idx": 0, "variation_type": "small", "error": null, "scene_idx": 0,
    })
}

pub fn item() -> Value {
    json!({
        "idx": 0, "key": "shot-1", "status": "completed", "input": {"visual_desc": "A platform at \
        night"},
        "result": {"video_path": "/media/shots/0/video.mp4"}, "error": null, "attempt": 1,
        "created_at": "2026-01-31T12:00:00.123456Z", "updated_at": "2026-01-31T12:04:10.000001Z",
        "started_at": "2026-01-31T12:03:00Z", "completed_at": "2026-01-31T12:04:10.000001Z",
    })
}

pub fn report() -> Value {
    json!({"key": "shot-1", "status": "completed", "result": {"video_path": "/media/shots/0/video.mp4"}})
}

pub fn one_loop() -> Value {
    json!({"name": "rescue_jobs", "ran_at": "2026-01-31T12:00:01.5Z", "runs": 61, "done": 2, "error": null, "panics": 0, "last_success": "2026-01-31T12:00:01.5Z", "errors": 0, "skipped": 0})
}

pub fn health() -> Value {
    json!({
        "status": "ok", "reasons": [], "version": "0.1.0", "schema": "s0028_settings", "uptime_seconds": 3600.5,
        "database": {"name": "SQLite", "status": "ok", "latency_ms": 0.2, "version": "3.50.2"},
        "database_connections": 8, "cache": {"memory": {"jobs": 120, "hit_ratio": 0.93},
            "redis": {"status": "ok", "since": "2026-01-31T12:00:00Z", "error": null}},
        "counts": {"queued": 4, "processing": 2, "completed": 90, "failed": 3, "cancelled": 1, "total": 100},
        "workers": {"live": 3}, "servers": {"live": 2}, "clock_ahead_ms": null, "loops": [one_loop()], "dropped_log_lines": 0,
    })
}

pub fn held() -> Value {
    json!({
        "job_id": JOB, "job_type": "idea2video", "project_title": "Night train", "progress": 50.0,
        "current_stage": "Rendering shots", "lease_expires_at": "2026-01-31T12:05:10.000001Z",
    })
}

pub fn worker() -> Value {
    json!({
        "worker_id": "render-1", "host": "gpu-7.internal", "version": "1.4.0",
        "job_types": ["idea2video", "script2video"], "status": "busy", "jobs": [held()],
        "first_seen_at": "2026-01-30T09:00:00Z", "last_seen_at": "2026-01-31T12:04:10.000001Z", "claimed": 41,
        "completed": 39, "failed": 1, "rescued": 0,
    })
}

pub fn server() -> Value {
    json!({
        "server_id": "019c1a2b-3c4d-7e5f-8a9b-0c1d2e3f4a5b", "version": "0.1.0", "live": true,
        "started_at": "2026-01-30T09:00:00Z", "seen_at": "2026-01-31T12:04:10.000001Z",
        "listen": "127.0.0.1:3001", "schema": "s0028_settings",
    })
}

pub fn queue() -> Value {
    json!({"job_type": "idea2video", "paused": false, "max_running": 4, "max_run_seconds": 7200,
        "keep": {"completed": "30d", "failed": null, "cancelled": null}, "then": null, "keep_media": null, "queued": 12,
        "processing": 4})
}

pub fn queue_forecast() -> Value {
    json!({
        "job_type": "idea2video", "paused": false, "waiting": 12, "scheduled": 0, "running": 4,
        "typical_seconds": 240.0, "long_seconds": 600.0, "empty_at": "2026-01-31T12:14:00Z",
        "empty_at_latest": "2026-01-31T12:38:00Z", "empty_at_with_one_more": "2026-01-31T12:12:00Z",
    })
}

pub fn lease() -> Value {
    json!({"token": TOKEN, "expires_at": "2026-01-31T12:01:02.5Z"})
}

pub fn claimed() -> Value {
    json!({"job": fields(), "lease": lease(), "items": [item()]})
}

pub fn outcome() -> Value {
    json!({
        "job_id": JOB, "lease_token": TOKEN, "outcome": "completed",
        "result": {"video_path": "/media/idea2video/final_video.mp4"},
    })
}

pub fn taken() -> Value {
    json!({"job_id": JOB, "status": "completed", "code": null, "detail": null})
}

pub fn event() -> Value {
    json!({
        "job_id": JOB, "seq": 2, "kind": "started", "status": "processing", "progress": 0.0, "current_stage": null,
        "total_shots": 2, "completed_shots": 0, "data": {"attempt": 1, "worker_id": "render-1"},
        "created_at": "2026-01-31T12:00:02.5Z", "position": "1042", "job_type": "script2video", "seconds": 2.376544,
        "by": {"key_id": "k3x9a2m7", "name": "render farm"},
    })
}

pub fn counts() -> Value {
    json!({"queued": 2, "processing": 1, "completed": 40, "failed": 1, "cancelled": 0, "total": 44})
}

pub fn active() -> Value {
    let mut job = listed();
    for field in LARGE_FIELDS {
        job.as_object_mut().map(|job| job.remove(field));
    }
    json!({"job": job, "title": "Night train", "since": "2026-01-31T12:00:00.123456Z"})
}

pub fn stats() -> Value {
    json!({
        "as_of": "2026-01-31T12:00:02.5Z",
        "jobs": counts(),
        "by_type": [of_type()], "scheduled": 0, "oldest_queued_at": "2026-01-31T12:00:00Z",
        "oldest_queued_seconds": 2.5, "oldest_queued_job_id": JOB, "workers": {"alive": 3, "busy": 1, "stale": 0},
        "bucket": "minute", "bucket_seconds": 60, "buckets": [bucket()], "failures_today": 1, "stuck": 0,
        "next": [next_job()], "causes": [cause()],
    })
}

pub fn next_job() -> Value {
    json!({
        "job_id": JOB, "job_type": "idea2video", "project_title": "Night train", "priority": 0,
        "created_at": "2026-01-31T12:00:00Z",
    })
}

pub fn cause() -> Value {
    json!({"error": "CUDA out of memory: tried to allocate 2.44 GiB",
        "signature": "CUDA out of memory: tried to allocate #.# GiB", "jobs": [failed_job()]})
}

pub fn failed_job() -> Value {
    json!({"job_id": JOB, "job_type": "idea2video", "worker_id": "gpu-7",
        "project_title": "Night train", "failed_at": "2026-01-31T12:00:00Z"})
}

pub fn of_type() -> Value {
    json!({
        "job_type": "idea2video", "queued": 2, "processing": 1, "completed": 40, "failed": 1, "cancelled": 0,
        "paused": false, "max_running": null,
    })
}

pub fn bucket() -> Value {
    json!({
        "start": "2026-01-31T12:00:00Z", "created": 3, "started": 2, "completed": 1, "failed": 0, "cancelled": 0,
        "retried": 0, "wait_p50": 1.5, "wait_p95": 2.25, "run_p50": 182.5, "run_p95": 182.5,
    })
}
