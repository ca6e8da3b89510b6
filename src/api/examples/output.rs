//! Examples of the schemas of responses.

use super::{
    catalog::{KEY_TEXT, audited, delivery, episode, key, schedule, series, webhook},
    rows::{
        JOB, TOKEN, active, bucket, cause, claimed, counts, event, failed_job, fields, health,
        held, item, lease, listed, next_job, of_type, one_loop, pagination, queue, queue_forecast,
        server, shot, stats, taken, worker,
    },
    runs::{
        ACTION, IMPORT, action, action_outcome, archive, backup, import, reject, retention_count,
        retention_rule,
    },
};
use serde_json::{Value, json};

/// Returns the example of a response by the name of its schema.
pub fn output(schema: &str) -> Option<Value> {
    Some(match schema {
        "Key" => key(),
        "MediaLink" => json!({
            "url": "/media/idea2video/final_video.mp4?exp=1769864400&sig=0f1e2d", "expires_at": "2026-01-31T13:00:00Z",
        }),
        "AuditEntry" => audited(),
        "AuditList" => json!({"entries": [audited()], "has_more": false, "next_cursor": null}),
        "Backup" => backup(),
        "Archive" => archive(),
        "ArchiveList" => json!({
            "archives": [archive()], "has_more": false, "next_cursor": null,
        }),
        "RetentionThen" => json!("delete"),
        "RetentionRule" => retention_rule(),
        "RetentionCount" => retention_count(),
        "RetentionPreview" => json!({
            "rules": [retention_rule()], "would_delete": 412, "would_archive": 0,
            "has_archive": false, "counts": [retention_count()],
        }),
        "QueueKeep" => json!({"completed": "30d", "failed": null, "cancelled": null}),
        "BackupList" => json!({"backups": [backup()]}),
        "Schedule" => schedule(),
        "ScheduleList" => json!({
            "schedules": [schedule()], "has_more": false, "next_cursor": null,
        }),
        "ScheduleTimes" => json!({
            "words": "At 02:30 (Europe/Berlin)", "notes": [], "timezone": "Europe/Berlin",
            "next": ["2026-02-01T01:30:00Z", "2026-02-02T01:30:00Z", "2026-02-03T01:30:00Z"],
        }),
        "Webhook" => webhook(),
        "WebhookList" => json!({
            "webhooks": [webhook()], "has_more": false, "next_cursor": null,
        }),
        "JobWebhook" => json!({
            "url": "https://hooks.studio.example/films", "kinds": ["job.completed"],
        }),
        "WebhookSecret" => json!({"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}),
        "WebhookState" => json!("active"),
        "Delivery" => delivery(),
        "DeliveryList" => json!({
            "deliveries": [delivery()], "has_more": false, "next_cursor": null,
        }),
        "DeliveryState" => json!("delivered"),
        "ScheduleKind" => json!("cron"),
        "ScheduleOverlap" => json!("skip"),
        "ScheduleMissed" => json!("last"),
        "KeyList" => json!({"keys": [key()]}),
        "CreatedKey" => json!({
            "key_id": "k3x9a2m7", "name": "render farm", "role": "worker", "job_types": null,
            "labels": {"team": "red"}, "key": KEY_TEXT, "expires_at": null,
        }),
        "Session" => json!({
            "key_id": "k3x9a2m7", "name": "render farm", "role": "worker",
            "job_types": null, "labels": {"team": "red"},
            "permissions": ["jobs:read", "jobs:claim", "jobs:report"], "own_jobs_only": false, "open": false,
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
        "RedisHealth" => json!({"status": "ok", "since": "2026-01-31T12:00:00Z", "error": null}),
        "MemoryCache" => health()["cache"]["memory"].clone(),
        "LiveWorkers" => json!({"live": 3}),
        "LiveServers" => json!({"live": 2}),
        "Server" => server(),
        "ServerList" => json!({"servers": [server()]}),
        "Worker" => worker(),
        "WorkerList" => json!({
            "workers": [worker()], "more": false, "has_more": false, "next_cursor": null,
        }),
        "WorkerStatus" => json!("busy"),
        "HeldJob" => held(),
        "Queue" => queue(),
        "QueueForecast" => queue_forecast(),
        "QueueList" => json!({"queues": [queue()]}),
        "FieldProblem" => {
            json!({"pointer": "/idea", "code": "too_short", "detail": "Use at least 10 \
                characters."})
        }
        _ => return None,
    })
}
