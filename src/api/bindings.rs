//! The table of how the binding of a key applies to each operation. It stands beside
//! [`super::permissions`]: an operation without a row here does not start, and refuses bound keys.

/// How the binding of the caller's key applies to an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// It is about no job.
    Free,
    /// It is about one job, and answers 404 if that lies outside.
    Job,
    /// It is about several jobs, and finds none that lies outside.
    Jobs,
    /// It makes jobs: they get the labels of the binding, and a contrary type or label is refused.
    Stamped,
    /// It is about an action, and answers 404 for one that was started under another binding.
    Action,
    /// It is refused without a type that the key is bound to.
    Typed,
    /// It is refused.
    Refused,
}

use Bound::*;

/// Every operation, with how a binding applies to it.
pub const BINDINGS: [(&str, Bound); 112] = [
    ("generate_idea2video", Stamped),
    ("generate_script2video", Stamped),
    ("create_job", Stamped),
    ("create_jobs", Stamped),
    ("list_jobs", Jobs),
    ("count_jobs", Jobs),
    ("get_job", Job),
    ("update_job", Job),
    ("delete_job", Job),
    ("start_job", Job),
    ("mark_completed", Job),
    ("mark_failed", Job),
    ("claim_jobs", Jobs),
    ("heartbeat", Job),
    ("release_job", Job),
    ("report_outcomes", Jobs),
    ("cancel_job", Job),
    ("retry_job", Job),
    ("recover_job", Job),
    ("undo_job", Job),
    ("retry_failed_items", Job),
    ("list_workers", Refused),
    ("list_queues", Refused),
    ("get_queue", Refused),
    ("forecast_queue", Refused),
    ("set_queue", Refused),
    ("get_progress", Job),
    ("update_progress", Job),
    ("update_shots", Job),
    ("list_shots", Job),
    ("get_shot", Job),
    ("update_shot", Job),
    // The files of all jobs lie beside each other.
    ("create_media_link", Refused),
    ("list_items", Job),
    ("report_items", Job),
    ("list_events", Job),
    ("stream_job_events", Job),
    ("stream_events", Jobs),
    ("get_stats", Typed),
    ("list_active_jobs", Jobs),
    ("set_active_job", Job),
    ("remove_active_jobs", Jobs),
    ("start_action", Jobs),
    ("list_actions", Action),
    ("get_action", Action),
    ("abort_action", Action),
    ("undo_action", Action),
    ("list_action_outcomes", Action),
    ("create_schedule", Refused),
    ("list_schedules", Refused),
    ("preview_schedule", Refused),
    ("get_schedule", Refused),
    ("update_schedule", Refused),
    ("delete_schedule", Refused),
    ("pause_schedule", Refused),
    ("resume_schedule", Refused),
    ("run_schedule", Refused),
    ("list_schedule_times", Refused),
    // They are sent the events of all jobs.
    ("create_webhook", Refused),
    ("list_webhooks", Refused),
    ("get_webhook", Refused),
    ("update_webhook", Refused),
    ("delete_webhook", Refused),
    ("pause_webhook", Refused),
    ("resume_webhook", Refused),
    ("test_webhook", Refused),
    ("rotate_webhook_secret", Refused),
    ("replay_webhook", Refused),
    ("list_webhook_deliveries", Refused),
    ("retry_webhook_delivery", Refused),
    // Each binding has a secret of its own.
    ("get_webhook_secret", Jobs),
    ("create_series", Free),
    // They count jobs on request, those of the binding alone.
    ("list_series", Jobs),
    ("get_series", Jobs),
    ("update_series", Free),
    // It changes all jobs of the series.
    ("delete_series", Refused),
    ("create_episode", Free),
    ("list_episodes", Jobs),
    ("get_episode", Jobs),
    ("update_episode", Free),
    ("delete_episode", Refused),
    ("start_import", Refused),
    ("list_imports", Refused),
    ("get_import", Refused),
    ("abort_import", Refused),
    ("list_import_rejects", Refused),
    // They count all jobs.
    ("preview_retention", Refused),
    ("list_archives", Refused),
    ("restore_job", Job),
    ("list_backups", Refused),
    ("back_up", Refused),
    ("list_keys", Refused),
    ("create_key", Refused),
    ("revoke_key", Refused),
    ("rotate_key", Refused),
    ("list_audit", Refused),
    ("get_session", Free),
    ("start_session", Free),
    ("end_session", Free),
    // Bound callers get the status alone.
    ("get_health", Free),
    ("get_liveness", Free),
    ("get_readiness", Free),
    ("legacy_pipeline_idea2video", Stamped),
    ("legacy_pipeline_script2video", Stamped),
    ("legacy_get_pipeline_job", Job),
    ("legacy_list_pipeline_jobs", Jobs),
    ("legacy_cancel_pipeline_job", Job),
    ("legacy_generate_video", Stamped),
    ("legacy_get_video_job", Job),
    ("legacy_list_video_jobs", Jobs),
    ("legacy_delete_video_job", Job),
    ("legacy_video_health", Jobs),
];

/// Returns how a binding applies to the operation; one without a row refuses bound keys.
pub fn bound_of(id: &str) -> Bound {
    let row = BINDINGS.iter().find(|(known, _)| *known == id);
    row.map_or(Refused, |(_, bound)| *bound)
}

/// Returns the code of the problem by which the operation refuses bound keys, if it does.
pub fn code_of(id: &str) -> Option<&'static str> {
    match bound_of(id) {
        Refused | Typed => Some("key_bound"),
        Stamped => Some("outside_binding"),
        // A claim of another type, and a change of a label that keys are bound to.
        _ if id == "claim_jobs" || id == "update_job" => Some("outside_binding"),
        _ => None,
    }
}
