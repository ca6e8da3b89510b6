//! Examples of every schema of the document. A test validates each against its schema.

use serde_json::{Value, json};

const JOB: &str = "0199d3a4-7c1e-7b52-9f0a-3f1c5b8a2d10";
const SERIES: &str = "0199d3a0-11aa-7000-8000-5a6b7c8d9e0f";
const EPISODE: &str = "0199d3a0-22bb-7000-8000-5a6b7c8d9e0f";
const IMPORT: &str = "0199d3b0-5f11-7000-8000-3f1c5b8a2d10";
const ACTION: &str = "0199d3c0-7a11-7000-8000-3f1c5b8a2d10";
const TOKEN: &str = "0199d3a4-8a40-7c11-8e55-6b1f0d2c9a77";
const IDEA: &str = "A fox learns to ride the night train home";
const REQUIREMENT: &str =
    "For adults, do not exceed 3 scenes. Each scene should be no more than 5 shots.";

const KEY_TEXT: &str = "cs_k3x9a2m7_EXAMPLE0EXAMPLE0EXAMPLE0EXAMPLE0EXAMPLE0000";

fn key() -> Value {
    json!({
        "key_id": "k3x9a2m7", "name": "render farm", "role": "worker", "created_at": "2026-01-31T12:00:00Z",
        "created_by": null, "expires_at": null, "last_used_at": "2026-01-31T12:05:00Z", "revoked_at": null,
    })
}

/// Returns the example of a schema by its name.
pub fn example(schema: &str) -> Option<Value> {
    input(schema).or_else(|| output(schema))
}

fn input(schema: &str) -> Option<Value> {
    Some(match schema {
        "GenerateIdea" => {
            json!({"idea": IDEA, "style": "Cartoon style", "project_title": "Night train"})
        }
        "GenerateScript" => json!({
            "script": "EXT. LIGHTHOUSE - DAWN\nWaves break on the rocks. The keeper, MARA, climbs \
            the stair.",
            "project_title": "Faro",
        }),
        "NewJob" => json!({
            "job_type": "idea2video", "mode": "idea", "content": IDEA, "project_title": "Night \
            train",
            "priority": 5, "labels": {"team": "red"}, "items": [{"key": "shot-1", "input": {"visual_desc": "A platform at night"}}],
        }),
        "NewJobs" => json!({"jobs": [{"job_type": "idea2video", "content": IDEA}]}),
        "SetQueue" => json!({"paused": false, "max_running": 4, "max_run_seconds": 7200}),
        "NewItem" => json!({"key": "shot-1", "input": {"visual_desc": "A platform at night"}}),
        "JobPatch" => {
            json!({"project_title": "Night train, second cut", "labels": {"team": "blue"}})
        }
        "ReportProgress" => json!({"progress": 40.0, "current_stage": "Rendering shots"}),
        "ReportShots" => json!({"total_shots": 12, "completed_shots": 3}),
        "StartJob" => json!({"worker_id": "render-1"}),
        "CompleteJob" => json!({"result": {"video_path": "/media/idea2video/final_video.mp4"}}),
        "FailJob" => json!({"error": "The render node went away", "retryable": true}),
        "CancelJob" => json!({"reason": "Not needed any more"}),
        "ReportItems" => json!({"items": [report()]}),
        "ItemReport" => report(),
        "EditShot" => json!({"visual_desc": "The platform in the rain"}),
        "NewAction" => json!({"action": "retry", "filter": filter(), "dry_run": true}),
        "ActionFilter" => filter(),
        "SetActiveJob" => json!({"client_id": "c0ffee-42", "job_id": JOB, "title": "Night train"}),
        "ClaimJobs" => json!({
            "worker_id": "render-1", "job_types": ["idea2video", "script2video"], "max_jobs": 2, "lease_seconds": 60,
            "host": "gpu-7.internal", "version": "1.4.0",
        }),
        "SendHeartbeat" => json!({
            "lease_token": TOKEN, "progress": 40.0, "current_stage": "Rendering shots", "items": [report()],
            "log": ["shot-1 took 41 s"],
        }),
        "ReleaseJob" => json!({}),
        "ReportOutcomes" => json!({"outcomes": [outcome()]}),
        "JobOutcome" => outcome(),
        "NewSeries" => json!({"title": "Night trains"}),
        "NewKey" => json!({"name": "render farm", "role": "worker"}),
        "NewSession" => json!({"key": KEY_TEXT}),
        "NewEpisode" => json!({"title": "Home", "number": 1}),
        _ => return None,
    })
}

fn output(schema: &str) -> Option<Value> {
    Some(match schema {
        "Key" => key(),
        "KeyList" => json!({"keys": [key()]}),
        "CreatedKey" => json!({
            "key_id": "k3x9a2m7", "name": "render farm", "role": "worker", "key": KEY_TEXT, "expires_at": null,
        }),
        "Session" => json!({
            "key_id": "k3x9a2m7", "name": "render farm", "role": "worker",
            "permissions": ["jobs:read", "jobs:claim", "jobs:report"], "open": false,
        }),
        "Job" => fields(),
        "JobWithShots" => {
            let mut job = fields();
            job["shots"] = json!([shot()]);
            job["shots_next_after"] = json!(null);
            job["queue_position"] = json!(null);
            job["estimated_start_at"] = json!(null);
            job["estimated_end_at"] = json!("2026-01-31T12:09:30Z");
            job
        }
        "ListedJob" => listed(),
        "JobList" => json!({
            "jobs": [listed()], "pagination": pagination(), "has_more": false, "next_cursor": null,
        }),
        "StartedJob" => {
            let mut job = fields();
            job["lease_token"] = json!(TOKEN);
            job
        }
        "JobProgress" => json!({
            "job_id": JOB, "status": "processing", "progress": 50.0,
            "current_stage": "Rendering shots", "total_shots": 2, "completed_shots": 1, "version": 4,
        }),
        "Pagination" => pagination(),
        "JobCounts" => {
            json!({"queued": 2, "processing": 1, "completed": 40, "failed": 1, "cancelled": 0, "total": 44})
        }
        "JobStatus" => json!("processing"),
        "ItemStatus" => json!("completed"),
        "ShotStatus" => json!("generating_frames"),
        "Generated" => json!({
            "job_id": JOB, "status": "queued", "message": "Video generation job created \
            successfully",
            "created_at": "2026-01-31T12:00:00.123456Z", "working_dir": format!(".working_dir/idea2video/{JOB}"),
        }),
        "Deleted" => json!({"message": "Job deleted successfully", "job_id": JOB}),
        "ShotUpdated" => json!({
            "message": "Shot updated successfully", "job_id": JOB, "shot_idx": 0, "updated_fields": ["visual_desc"],
        }),
        "Shot" => shot(),
        "ShotList" => {
            json!({"job_id": JOB, "total_shots": 1, "shots": [shot()], "next_after": null, "has_more": false, "next_cursor": null})
        }
        "Item" => item(),
        "ItemList" => {
            json!({"job_id": JOB, "items": [item()], "next_after": null, "has_more": false, "next_cursor": null})
        }
        "Event" => event(),
        "EventList" => {
            json!({"job_id": JOB, "events": [event()], "next_after": null, "has_more": false, "next_cursor": null})
        }
        "StreamData" => event(),
        "StreamReset" => json!({"reason": "position_unknown"}),
        "StreamSnapshot" => json!({
            "position": "1042", "as_of": "2026-01-31T12:00:02.5Z",
            "counts": counts(),
        }),
        "ActiveJob" => active(),
        "ActiveJobs" => json!({"client_id": "c0ffee-42", "active_jobs": [active()]}),
        "RemovedActiveJobs" => json!({"message": "Active jobs removed", "removed": 1}),
        "Bucket" => json!("minute"),
        "StatsReport" => stats(),
        "NextJob" => next_job(),
        "FailureCause" => cause(),
        "FailedJob" => failed_job(),
        "StatsBucket" => bucket(),
        "TypeStats" => of_type(),
        "WorkerCounts" => json!({"alive": 3, "busy": 1, "stale": 0}),
        "ActionKind" => json!("retry"),
        "StartedActionKind" => json!("retry"),
        "ActionStatus" => json!("running"),
        "ActionOutcomeKind" => json!("changed"),
        "ActionPreview" => json!({
            "action_id": null, "dry_run": true, "matching": 41, "will_change": 41, "will_not_change": 0,
            "by_status": {"queued": 0, "processing": 0, "completed": 0, "failed": 41, "cancelled": 0, "total": 41},
            "as_of": "2026-01-31T12:00:02.5Z", "filter_text": "status failed, type idea2video",
        }),
        "Action" => action(),
        "ActionList" => json!({"actions": [action()], "has_more": false, "next_cursor": null}),
        "ActionOutcome" => action_outcome(),
        "ActionOutcomeList" => {
            json!({"action_id": ACTION, "outcomes": [action_outcome()], "next_after": null, "has_more": false, "next_cursor": null})
        }
        "ClaimedJobs" => json!({"jobs": [claimed()], "max_body_bytes": 1_048_576}),
        "ClaimedJob" => claimed(),
        "Lease" => lease(),
        "HeartbeatAnswer" => {
            json!({"lease_expires_at": "2026-01-31T12:05:10.000001Z", "cancel_requested": false, "version": 5})
        }
        "Outcomes" => json!({"outcomes": [taken()]}),
        "OutcomeAnswer" => taken(),
        "OutcomeKind" => json!("completed"),
        "Series" => series(),
        "SeriesList" => json!({"series": [series()], "has_more": false, "next_cursor": null}),
        "Episode" => episode(),
        "EpisodeList" => json!({"episodes": [episode()], "has_more": false, "next_cursor": null}),
        "Import" => import(),
        "ImportStatus" => json!("running"),
        "ImportList" => json!({"imports": [import()], "has_more": false, "next_cursor": null}),
        "ImportReject" => reject(),
        "ImportRejectList" => {
            json!({"import_id": IMPORT, "rejects": [reject()], "next_after": null, "has_more": false, "next_cursor": null})
        }
        "HealthReport" => json!({
            "status": "ok", "version": "0.1.0", "database": "SQLite", "database_connections": 8, "loops": [one_loop()], "dropped_log_lines": 0,
        }),
        "LoopReport" => one_loop(),
        "Health" => health(),
        "DatabaseHealth" => health()["database"].clone(),
        "Caches" => health()["cache"].clone(),
        "MemoryCache" => health()["cache"]["memory"].clone(),
        "LiveWorkers" => json!({"live": 3}),
        "Worker" => worker(),
        "WorkerList" => json!({
            "workers": [worker()], "more": false, "has_more": false, "next_cursor": null,
        }),
        "WorkerStatus" => json!("busy"),
        "HeldJob" => held(),
        "Queue" => queue(),
        "QueueList" => json!({"queues": [queue()]}),
        "FieldProblem" => {
            json!({"pointer": "/idea", "code": "too_short", "detail": "Use at least 10 \
                characters."})
        }
        _ => return None,
    })
}

fn fields() -> Value {
    json!({
        "job_id": JOB, "job_type": "idea2video", "mode": "idea", "status": "processing", "content": IDEA,
        "user_requirement": REQUIREMENT, "style": "Cartoon style", "project_title": "Night train",
        "request_data": {"idea": IDEA}, "context": null, "progress": 50.0, "current_stage": "Rendering shots",
        "working_dir": format!(".working_dir/idea2video/{JOB}"), "result": null, "error": null, "total_shots": 2,
        "completed_shots": 1, "episode_id": null, "series_id": null, "created_at": "2026-01-31T12:00:00.123456Z",
        "updated_at": "2026-01-31T12:04:10.000001Z", "started_at": "2026-01-31T12:00:02.5Z", "completed_at": null,
        "priority": 0, "run_at": null, "attempt": 1, "max_attempts": 3, "max_run_seconds": null, "run_until": null,
        "worker_id": "render-1", "lease_expires_at": null, "last_heard_at": "2026-01-31T12:04:10.000001Z", "cancel_requested_at": null, "version": 4, "labels": {"team": "red"},
        "source": null, "source_status": null,
    })
}

fn listed() -> Value {
    let mut job = fields();
    job["type"] = json!("idea2video");
    job["request"] = json!({"idea": IDEA});
    job
}

fn pagination() -> Value {
    json!({"total": 1, "total_exact": true, "limit": 50, "offset": 0, "has_more": false, "next_cursor": null})
}

fn shot() -> Value {
    json!({
        "shot_idx": 0, "status": "completed", "first_frame_path": "/media/shots/0/first_frame.png",
        "last_frame_path": "/media/shots/0/last_frame.png", "video_path": "/media/shots/0/video.mp4",
        "description": null, "visual_desc": "A platform at night", "motion_desc": "dolly in", "audio_desc": null,
        "camera_idx": 0, "variation_type": "small", "error": null, "scene_idx": 0,
    })
}

fn item() -> Value {
    json!({
        "idx": 0, "key": "shot-1", "status": "completed", "input": {"visual_desc": "A platform at \
        night"},
        "result": {"video_path": "/media/shots/0/video.mp4"}, "error": null, "attempt": 1,
        "created_at": "2026-01-31T12:00:00.123456Z", "updated_at": "2026-01-31T12:04:10.000001Z",
        "started_at": "2026-01-31T12:03:00Z", "completed_at": "2026-01-31T12:04:10.000001Z",
    })
}

fn report() -> Value {
    json!({"key": "shot-1", "status": "completed", "result": {"video_path": "/media/shots/0/video.mp4"}})
}

fn one_loop() -> Value {
    json!({"name": "rescue_jobs", "ran_at": "2026-01-31T12:00:01.5Z", "runs": 61, "done": 2, "error": null, "panics": 0, "last_success": "2026-01-31T12:00:01.5Z", "errors": 0})
}

fn health() -> Value {
    json!({
        "status": "ok", "reasons": [], "version": "0.1.0", "schema": "s0017_write_probes", "uptime_seconds": 3600.5,
        "database": {"name": "SQLite", "status": "ok", "latency_ms": 0.2, "version": "3.50.2"},
        "database_connections": 8, "cache": {"memory": {"jobs": 120, "hit_ratio": 0.93}},
        "counts": {"queued": 4, "processing": 2, "completed": 90, "failed": 3, "cancelled": 1, "total": 100},
        "workers": {"live": 3}, "clock_ahead_ms": null, "loops": [one_loop()], "dropped_log_lines": 0,
    })
}

fn held() -> Value {
    json!({
        "job_id": JOB, "job_type": "idea2video", "project_title": "Night train", "progress": 50.0,
        "current_stage": "Rendering shots", "lease_expires_at": "2026-01-31T12:05:10.000001Z",
    })
}

fn worker() -> Value {
    json!({
        "worker_id": "render-1", "host": "gpu-7.internal", "version": "1.4.0",
        "job_types": ["idea2video", "script2video"], "status": "busy", "jobs": [held()],
        "first_seen_at": "2026-01-30T09:00:00Z", "last_seen_at": "2026-01-31T12:04:10.000001Z", "claimed": 41,
        "completed": 39, "failed": 1, "rescued": 0,
    })
}

fn queue() -> Value {
    json!({"job_type": "idea2video", "paused": false, "max_running": 4, "max_run_seconds": 7200, "queued": 12, "processing": 4})
}

fn lease() -> Value {
    json!({"token": TOKEN, "expires_at": "2026-01-31T12:01:02.5Z"})
}

fn claimed() -> Value {
    json!({"job": fields(), "lease": lease(), "items": [item()]})
}

fn outcome() -> Value {
    json!({
        "job_id": JOB, "lease_token": TOKEN, "outcome": "completed",
        "result": {"video_path": "/media/idea2video/final_video.mp4"},
    })
}

fn taken() -> Value {
    json!({"job_id": JOB, "status": "completed", "code": null, "detail": null})
}

fn event() -> Value {
    json!({
        "job_id": JOB, "seq": 2, "kind": "started", "status": "processing", "progress": 0.0, "current_stage": null,
        "total_shots": 2, "completed_shots": 0, "data": {"attempt": 1, "worker_id": "render-1"},
        "created_at": "2026-01-31T12:00:02.5Z", "position": "1042", "job_type": "script2video", "seconds": 2.376544,
    })
}

fn import() -> Value {
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
fn sums(of_source: bool) -> Value {
    let mut sums = json!({
        "found": 24, "imported": 21, "already_there": 2, "merged": 0, "overwritten": 0, "repaired": 3, "rejected": 1,
        "rejected_by_reason": {"unknown_status": 1}, "repaired_by_rule": {"progress_put_on_scale": 3},
    });
    if of_source {
        sums["source"] = json!("jobs.json");
    }
    sums
}

fn reject() -> Value {
    json!({
        "reject_id": 7, "file": "jobs.json", "key": "batch-1b15d93a", "reason": "unknown_status",
        "detail": "The status `archived` is not known.", "raw": "{\"status\": \"archived\"}",
        "created_at": "2026-01-31T12:00:01Z",
    })
}

fn series() -> Value {
    json!({"series_id": SERIES, "title": "Night trains", "created_at": "2026-01-30T09:00:00Z", "jobs": counts()})
}

fn episode() -> Value {
    json!({
        "episode_id": EPISODE, "series_id": SERIES, "title": "Home", "number": 1, "created_at": "2026-01-30T09:05:00Z",
        "jobs": counts(),
    })
}

fn counts() -> Value {
    json!({"queued": 2, "processing": 1, "completed": 40, "failed": 1, "cancelled": 0, "total": 44})
}

fn active() -> Value {
    let mut job = listed();
    for field in super::dto::LARGE_FIELDS {
        job.as_object_mut().map(|job| job.remove(field));
    }
    json!({"job": job, "title": "Night train", "since": "2026-01-31T12:00:00.123456Z"})
}

fn filter() -> Value {
    json!({"status": ["failed"], "job_type": "idea2video"})
}

fn action() -> Value {
    json!({
        "action_id": ACTION, "action": "retry", "undoes": null, "priority": null, "filter": filter(),
        "filter_text": "status failed, type idea2video", "status": "running", "matching": 41, "done": 20, "changed": 19,
        "skipped": 1, "failed": 0, "created_at": "2026-01-31T12:00:02.5Z", "finished_at": null, "error": null,
    })
}

fn action_outcome() -> Value {
    json!({
        "outcome_id": 7, "job_id": JOB, "outcome": "skipped", "code": "job_transition_illegal",
        "detail": "A job that is completed cannot be retried: it has ended and stays as it is.",
    })
}

fn stats() -> Value {
    json!({
        "as_of": "2026-01-31T12:00:02.5Z",
        "jobs": counts(),
        "by_type": [of_type()], "scheduled": 0, "oldest_queued_at": "2026-01-31T12:00:00Z",
        "oldest_queued_seconds": 2.5, "oldest_queued_job_id": JOB, "workers": {"alive": 3, "busy": 1, "stale": 0},
        "bucket": "minute", "bucket_seconds": 60, "buckets": [bucket()], "failures_today": 1, "stuck": 0,
        "next": [next_job()], "causes": [cause()],
    })
}

fn next_job() -> Value {
    json!({
        "job_id": JOB, "job_type": "idea2video", "project_title": "Night train", "priority": 0,
        "created_at": "2026-01-31T12:00:00Z",
    })
}

fn cause() -> Value {
    json!({"error": "CUDA out of memory: tried to allocate 2.44 GiB", "jobs": [failed_job()]})
}

fn failed_job() -> Value {
    json!({"job_id": JOB, "project_title": "Night train", "failed_at": "2026-01-31T12:00:00Z"})
}

fn of_type() -> Value {
    json!({
        "job_type": "idea2video", "queued": 2, "processing": 1, "completed": 40, "failed": 1, "cancelled": 0,
        "paused": false, "max_running": null,
    })
}

fn bucket() -> Value {
    json!({
        "start": "2026-01-31T12:00:00Z", "created": 3, "started": 2, "completed": 1, "failed": 0, "cancelled": 0,
        "retried": 0, "wait_p50": 1.5, "wait_p95": 2.25, "run_p50": 182.5, "run_p95": 182.5,
    })
}
