//! Examples of the schemas of requests.

use super::{
    catalog::KEY_TEXT,
    rows::{IDEA, JOB, TOKEN, outcome, report},
    runs::filter,
};
use serde_json::{Value, json};

/// Returns the example of a request by the name of its schema.
pub fn input(schema: &str) -> Option<Value> {
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
