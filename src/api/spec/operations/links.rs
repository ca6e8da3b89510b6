//! Links to the operations that take the id of a created resource.

use serde_json::{Value, json};

/// Adds links to the operations that take the id of the created resource.
pub fn add_links(id: &str, responses: &mut Value) {
    let (status, parameter, next): (_, _, &[&str]) = match id {
        "create_job" => ("201", "job_id", &JOB_OPERATIONS),
        "generate_idea2video" | "generate_script2video" => ("200", "job_id", &JOB_OPERATIONS),
        "legacy_pipeline_idea2video" | "legacy_pipeline_script2video" => (
            "200",
            "job_id",
            &["legacy_get_pipeline_job", "legacy_cancel_pipeline_job"],
        ),
        "legacy_generate_video" => (
            "200",
            "job_id",
            &["legacy_get_video_job", "legacy_delete_video_job"],
        ),
        "start_action" => (
            "202",
            "action_id",
            &[
                "get_action",
                "abort_action",
                "undo_action",
                "list_action_outcomes",
            ],
        ),
        "start_import" => (
            "202",
            "import_id",
            &["get_import", "abort_import", "list_import_rejects"],
        ),
        "create_schedule" => (
            "201",
            "schedule_id",
            &[
                "get_schedule",
                "list_schedule_times",
                "run_schedule",
                "pause_schedule",
                "resume_schedule",
                "delete_schedule",
            ],
        ),
        "create_webhook" => (
            "201",
            "webhook_id",
            &[
                "get_webhook",
                "update_webhook",
                "test_webhook",
                "rotate_webhook_secret",
                "replay_webhook",
                "list_webhook_deliveries",
                "pause_webhook",
                "resume_webhook",
                "delete_webhook",
            ],
        ),
        "create_series" => (
            "201",
            "series_id",
            &["get_series", "update_series", "delete_series"],
        ),
        "create_episode" => (
            "201",
            "episode_id",
            &["get_episode", "update_episode", "delete_episode"],
        ),
        _ => return,
    };
    let link = |operation: &&str| {
        let link = json!({
            "operationId": operation,
            "description": "Uses the id from the response.",
            "parameters": {parameter: format!("$response.body#/{parameter}")},
        });
        ((*operation).to_owned(), link)
    };
    responses[status]["links"] = Value::Object(next.iter().map(link).collect());
}

/// Operations on one job, in the order of its life.
const JOB_OPERATIONS: [&str; 23] = [
    "get_job",
    "get_progress",
    "get_shot",
    "update_job",
    "start_job",
    "update_progress",
    "update_shots",
    "report_items",
    "list_items",
    "list_shots",
    "list_events",
    "stream_job_events",
    "mark_failed",
    "mark_completed",
    "cancel_job",
    "retry_job",
    "recover_job",
    "undo_job",
    "retry_failed_items",
    "heartbeat",
    "release_job",
    "update_shot",
    "delete_job",
];
