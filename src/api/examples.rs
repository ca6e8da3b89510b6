//! Examples of every schema of the document. A test validates each against its schema.

mod rows;

use rows::{
    ACTION, IDEA, IMPORT, JOB, KEY_TEXT, TOKEN, action, action_outcome, active, archive, audited,
    backup, bucket, cause, claimed, counts, delivery, episode, event, failed_job, fields, filter,
    health, held, import, item, key, lease, listed, next_job, of_type, one_loop, outcome,
    pagination, queue, queue_forecast, reject, report, retention_count, retention_rule, schedule,
    series, shot, stats, taken, webhook, worker,
};
use serde_json::{Value, json};

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
            "priority": 5, "labels": {"team": "red"},
            "webhook": {"url": "https://hooks.studio.example/films", "kinds": ["job.completed"]},
            "items": [{"key": "shot-1", "input": {"visual_desc": "A platform at night"}}],
        }),
        "PipelineIdea" => json!({"idea": IDEA, "style": "Cartoon style", "title": "Night train"}),
        "PipelineScript" => json!({
            "script": "EXT. LIGHTHOUSE - DAWN\nWaves break on the rocks.", "style": "Anime Style",
        }),
        "GenerateVideo" => json!({"mode": "idea", "content": IDEA, "title": "Night train"}),
        "PipelineCreated" => json!({
            "job_id": JOB, "episode_id": null, "status": "pending",
            "message": "idea2video job created successfully", "pipeline_type": "idea2video",
            "created_at": "2026-01-31T12:00:00.123456",
        }),
        "PipelineJob" => json!({
            "job_id": JOB, "episode_id": null, "status": "running", "pipeline_type": "idea2video",
            "progress": 0.2, "video_path": null, "error": null,
            "created_at": "2026-01-31T12:00:00.123456", "updated_at": "2026-01-31T12:04:10",
        }),
        "PipelineCancelled" => json!({"message": "Job cancelled successfully", "job_id": JOB}),
        "VideoMode" => json!("idea"),
        "VideoCreated" => json!({
            "job_id": JOB, "status": "queued", "message": "Video generation job created successfully",
            "mode": "idea", "episode_id": null, "created_at": "2026-01-31T12:00:00.123456Z",
            "working_dir": format!(".working_dir/idea2video/{JOB}"),
            "deprecated_endpoints": ["/api/v1/generate/idea2video"],
        }),
        "Video" => json!({
            "job_id": JOB, "status": "processing", "mode": "idea", "progress": 50.0,
            "current_stage": "Rendering shots", "video_path": null,
            "working_dir": format!(".working_dir/idea2video/{JOB}"), "total_shots": 2, "error": null,
            "error_details": null, "created_at": "2026-01-31T12:00:00.123456Z",
            "updated_at": "2026-01-31T12:04:10Z", "completed_at": null, "episode_id": null,
            "title": "Night train",
        }),
        "VideoHealth" => json!({"status": "healthy", "total_jobs": 12, "active_jobs": 3}),
        "NewJobs" => json!({"jobs": [{"job_type": "idea2video", "content": IDEA}]}),
        "SetQueue" => json!({
            "paused": false, "max_running": 4, "max_run_seconds": 7200,
            "keep": {"completed": "30d"}, "then": "archive",
        }),
        "SetKeep" => json!({"completed": "30d", "failed": "90d", "cancelled": null}),
        "NewJobWebhook" => json!({
            "url": "https://hooks.studio.example/films", "kinds": ["job.completed"],
        }),
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
        "SeriesPatch" => json!({"title": "Night trains, part two"}),
        "EpisodePatch" => json!({"title": "Home again", "number": 2}),
        "NewKey" => json!({"name": "render farm", "role": "worker", "labels": {"team": "red"}}),
        "NewSchedule" => json!({
            "schedule_id": "nightly", "kind": "cron", "expr": "30 2 * * *", "timezone": "Europe/Berlin",
            "template": {"job_type": "idea2video", "content": IDEA}, "missed": "last",
        }),
        "SchedulePatch" => json!({"expr": "0 4 * * MON-FRI"}),
        "PreviewSchedule" => json!({
            "kind": "cron", "expr": "30 2 * * *", "timezone": "Europe/Berlin", "count": 3,
        }),
        "NewWebhook" => json!({
            "url": "https://hooks.studio.example/callsheet", "kinds": ["job.completed", "job.failed"],
            "labels": {"team": "red"},
        }),
        "WebhookPatch" => json!({"kinds": ["job.completed", "job.failed", "job.cancelled"]}),
        "ReplayWebhook" => json!({"since": "2026-01-31T12:00:00Z"}),
        "NewSession" => json!({"key": KEY_TEXT}),
        "NewMediaLink" => json!({"path": "/media/idea2video/final_video.mp4"}),
        "NewEpisode" => json!({"title": "Home", "number": 1}),
        _ => return None,
    })
}

fn output(schema: &str) -> Option<Value> {
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
        "MemoryCache" => health()["cache"]["memory"].clone(),
        "LiveWorkers" => json!({"live": 3}),
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
