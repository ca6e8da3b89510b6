//! Parts of an operation's contract that its handler's types do not show: the headers that it reads
//! and the problems that it returns.

/// A request header that an operation reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    IdempotencyKey,
    IfMatch,
    IfNoneMatch,
    LastEventId,
}

/// An operation, its request headers, and the codes of its problems in addition to those of
/// [`COMMON_CODES`].
pub struct Operation {
    pub id: &'static str,
    pub headers: &'static [Header],
    pub codes: &'static [&'static str],
}

/// Operations about one job that find it in the archive too.
const OF_ARCHIVE: [&str; 2] = ["get_job", "restore_job"];

impl Operation {
    /// Returns the code of the operation's problem for an archived job, if it has one.
    pub fn code_of_archived(&self) -> Option<&'static &'static str> {
        let is_of_job = self.codes.contains(&"job_not_found") && !OF_ARCHIVE.contains(&self.id);
        is_of_job.then_some(&"job_archived")
    }
}

/// Codes that every operation may return.
pub const COMMON_CODES: [&str; 8] = [
    "invalid_request",
    "unknown_parameter",
    "method_not_allowed",
    "host_refused",
    "too_many_connections",
    "internal_error",
    "database_unavailable",
    "overloaded",
];

/// Codes that every changing operation may return.
pub const MUTATION_CODES: [&str; 2] = ["origin_refused", "disk_full"];

/// Codes that every operation with a body may return.
pub const WITH_BODY: [&str; 5] = [
    "malformed_body",
    "body_too_slow",
    "body_too_large",
    "media_type_unsupported",
    "content_encoding_unsupported",
];

const fn operation(
    id: &'static str,
    headers: &'static [Header],
    codes: &'static [&'static str],
) -> Operation {
    Operation { id, headers, codes }
}

const IDEMPOTENT: &[Header] = &[Header::IdempotencyKey];
const RESUMABLE: &[Header] = &[Header::LastEventId];
const CONDITIONAL: &[Header] = &[Header::IfMatch];

/// Problems of an older call that creates a job, and perhaps its episode.
const OLDER_CREATE: &[&str] = &["series_not_found", "idempotency_key_reused"];

/// All operations of the document.
pub const OPERATIONS: [Operation; 112] = [
    operation(
        "generate_idea2video",
        IDEMPOTENT,
        &["idempotency_key_reused"],
    ),
    operation(
        "generate_script2video",
        IDEMPOTENT,
        &["idempotency_key_reused"],
    ),
    operation(
        "create_job",
        IDEMPOTENT,
        &[
            "series_not_found",
            "episode_not_found",
            "item_conflict",
            "job_exists",
            "idempotency_key_reused",
            "counter_exhausted",
        ],
    ),
    operation(
        "create_jobs",
        IDEMPOTENT,
        &["item_conflict", "idempotency_key_reused"],
    ),
    operation("list_jobs", &[], &["search_too_long"]),
    operation("count_jobs", &[], &["search_too_long"]),
    operation(
        "get_job",
        &[Header::IfNoneMatch],
        &["job_not_found", "archive_unavailable", "archive_damaged"],
    ),
    operation(
        "update_job",
        CONDITIONAL,
        &[
            "job_not_found",
            "series_not_found",
            "episode_not_found",
            "job_transition_illegal",
            "job_not_processing",
            "lease_lost",
            "shots_counted_from_items",
            "shots_exceed_total",
            "version_mismatch",
            "counter_exhausted",
        ],
    ),
    operation(
        "delete_job",
        CONDITIONAL,
        &["job_not_found", "version_mismatch"],
    ),
    operation(
        "start_job",
        CONDITIONAL,
        &[
            "job_not_found",
            "job_transition_illegal",
            "version_mismatch",
            "counter_exhausted",
        ],
    ),
    operation(
        "mark_completed",
        CONDITIONAL,
        &[
            "job_not_found",
            "job_transition_illegal",
            "lease_lost",
            "version_mismatch",
            "counter_exhausted",
        ],
    ),
    operation(
        "mark_failed",
        CONDITIONAL,
        &[
            "job_not_found",
            "job_transition_illegal",
            "lease_lost",
            "version_mismatch",
            "counter_exhausted",
        ],
    ),
    operation("claim_jobs", &[], &[]),
    operation(
        "heartbeat",
        &[],
        &[
            "job_not_found",
            "item_not_found",
            "lease_lost",
            "shots_counted_from_items",
            "shots_exceed_total",
            "item_conflict",
            "counter_exhausted",
        ],
    ),
    operation(
        "release_job",
        CONDITIONAL,
        &[
            "job_not_found",
            "job_transition_illegal",
            "lease_lost",
            "version_mismatch",
            "counter_exhausted",
        ],
    ),
    operation("report_outcomes", &[], &[]),
    operation(
        "cancel_job",
        CONDITIONAL,
        &[
            "job_not_found",
            "job_transition_illegal",
            "version_mismatch",
            "counter_exhausted",
        ],
    ),
    operation(
        "retry_job",
        CONDITIONAL,
        &[
            "job_not_found",
            "job_transition_illegal",
            "version_mismatch",
            "counter_exhausted",
        ],
    ),
    operation(
        "recover_job",
        CONDITIONAL,
        &[
            "job_not_found",
            "job_transition_illegal",
            "version_mismatch",
            "counter_exhausted",
        ],
    ),
    operation(
        "undo_job",
        CONDITIONAL,
        &[
            "job_not_found",
            "cannot_undo",
            "version_mismatch",
            "counter_exhausted",
        ],
    ),
    operation(
        "retry_failed_items",
        IDEMPOTENT,
        &[
            "job_not_found",
            "job_not_ended",
            "no_failed_items",
            "idempotency_key_reused",
        ],
    ),
    operation("list_workers", &[], &[]),
    operation("list_queues", &[], &[]),
    operation("get_queue", &[], &[]),
    operation("forecast_queue", &[], &[]),
    operation("set_queue", &[], &[]),
    operation("get_progress", &[], &["job_not_found"]),
    operation(
        "update_progress",
        CONDITIONAL,
        &[
            "job_not_found",
            "job_not_processing",
            "lease_lost",
            "version_mismatch",
            "counter_exhausted",
        ],
    ),
    operation(
        "update_shots",
        CONDITIONAL,
        &[
            "job_not_found",
            "job_not_processing",
            "lease_lost",
            "shots_counted_from_items",
            "shots_exceed_total",
            "version_mismatch",
            "counter_exhausted",
        ],
    ),
    operation("list_shots", &[], &["job_not_found"]),
    operation("get_shot", &[], &["job_not_found", "shot_not_found"]),
    operation(
        "update_shot",
        &[],
        &["job_not_found", "shot_not_found", "counter_exhausted"],
    ),
    operation("create_media_link", &[], &[]),
    operation("list_items", &[], &["job_not_found"]),
    operation(
        "report_items",
        CONDITIONAL,
        &[
            "job_not_found",
            "item_not_found",
            "job_not_processing",
            "lease_lost",
            "item_conflict",
            "version_mismatch",
            "counter_exhausted",
        ],
    ),
    operation("list_events", &[], &["job_not_found"]),
    operation("stream_job_events", RESUMABLE, &["job_not_found"]),
    operation("stream_events", RESUMABLE, &[]),
    operation("get_stats", &[], &[]),
    operation("list_active_jobs", &[], &[]),
    operation("set_active_job", &[], &["job_not_found", "job_ended"]),
    operation("remove_active_jobs", &[], &[]),
    operation(
        "start_action",
        IDEMPOTENT,
        &[
            "confirmation_required",
            "search_too_long",
            "idempotency_key_reused",
        ],
    ),
    operation("list_actions", &[], &[]),
    operation("get_action", &[], &["action_not_found"]),
    operation("abort_action", &[], &["action_not_found"]),
    operation(
        "undo_action",
        &[],
        &["action_not_found", "action_running", "cannot_undo"],
    ),
    operation("list_action_outcomes", &[], &["action_not_found"]),
    operation(
        "create_schedule",
        &[],
        &["item_conflict", "schedule_exists"],
    ),
    operation("list_schedules", &[], &[]),
    operation("preview_schedule", &[], &[]),
    operation("get_schedule", &[], &["schedule_not_found"]),
    operation(
        "update_schedule",
        &[],
        &["schedule_not_found", "item_conflict"],
    ),
    operation("delete_schedule", &[], &["schedule_not_found"]),
    operation("pause_schedule", &[], &["schedule_not_found"]),
    operation("resume_schedule", &[], &["schedule_not_found"]),
    operation(
        "run_schedule",
        IDEMPOTENT,
        &[
            "schedule_not_found",
            "series_not_found",
            "episode_not_found",
            "job_exists",
            "idempotency_key_reused",
            "counter_exhausted",
        ],
    ),
    operation("list_schedule_times", &[], &["schedule_not_found"]),
    operation("create_webhook", &[], &[]),
    operation("list_webhooks", &[], &[]),
    operation("get_webhook", &[], &["webhook_not_found"]),
    operation(
        "update_webhook",
        &[],
        &["webhook_not_found", "webhook_of_jobs"],
    ),
    operation(
        "delete_webhook",
        &[],
        &["webhook_not_found", "webhook_of_jobs"],
    ),
    operation("pause_webhook", &[], &["webhook_not_found"]),
    operation("resume_webhook", &[], &["webhook_not_found"]),
    operation(
        "test_webhook",
        &[],
        &["webhook_not_found", "webhook_of_jobs"],
    ),
    operation("rotate_webhook_secret", &[], &["webhook_not_found"]),
    operation("replay_webhook", &[], &["webhook_not_found"]),
    operation("list_webhook_deliveries", &[], &["webhook_not_found"]),
    operation("retry_webhook_delivery", &[], &["delivery_not_found"]),
    operation("get_webhook_secret", &[], &[]),
    operation("create_series", IDEMPOTENT, &["idempotency_key_reused"]),
    operation("list_series", &[], &[]),
    operation("get_series", &[], &["series_not_found"]),
    operation("update_series", &[], &["series_not_found"]),
    operation("delete_series", &[], &["series_not_found"]),
    operation(
        "create_episode",
        IDEMPOTENT,
        &[
            "series_not_found",
            "episode_number_taken",
            "idempotency_key_reused",
        ],
    ),
    operation("list_episodes", &[], &[]),
    operation("get_episode", &[], &["episode_not_found"]),
    operation(
        "update_episode",
        &[],
        &["episode_not_found", "episode_number_taken"],
    ),
    operation("delete_episode", &[], &["episode_not_found"]),
    operation("start_import", &[], &[]),
    operation("list_imports", &[], &[]),
    operation("get_import", &[], &["import_not_found"]),
    operation("abort_import", &[], &["import_not_found"]),
    operation("list_import_rejects", &[], &["import_not_found"]),
    operation("preview_retention", &[], &[]),
    operation("list_archives", &[], &[]),
    operation(
        "restore_job",
        &[],
        &["job_not_found", "archive_unavailable", "archive_damaged"],
    ),
    operation("list_backups", &[], &["backup_failed"]),
    operation("back_up", &[], &["backup_failed", "no_backup_folder"]),
    operation("list_keys", &[], &[]),
    operation("create_key", &[], &[]),
    operation("revoke_key", &[], &["key_not_found"]),
    operation("rotate_key", &[], &["key_not_found", "key_revoked"]),
    operation("list_audit", &[], &[]),
    operation("get_session", &[], &[]),
    operation(
        "start_session",
        &[],
        &["unauthenticated", "too_many_failures"],
    ),
    operation("end_session", &[], &[]),
    operation("get_health", &[], &["not_ready"]),
    operation("get_liveness", &[], &[]),
    operation("get_readiness", &[], &["not_ready", "draining"]),
    operation("legacy_pipeline_idea2video", IDEMPOTENT, OLDER_CREATE),
    operation("legacy_pipeline_script2video", IDEMPOTENT, OLDER_CREATE),
    operation("legacy_get_pipeline_job", &[], &["job_not_found"]),
    operation("legacy_list_pipeline_jobs", &[], &[]),
    operation(
        "legacy_cancel_pipeline_job",
        &[],
        &["job_not_found", "counter_exhausted"],
    ),
    operation("legacy_generate_video", IDEMPOTENT, OLDER_CREATE),
    operation("legacy_get_video_job", &[], &["job_not_found"]),
    operation("legacy_list_video_jobs", &[], &[]),
    operation("legacy_delete_video_job", &[], &["job_not_found"]),
    operation("legacy_video_health", &[], &[]),
];
