//! Schemas of requests: which they are, and which fields they may leave out or clear.

use serde_json::{Value, json};

/// Schemas of requests, in which optional fields may be missing. In all other schemas every field
/// is always present.
pub const INPUTS: [&str; 42] = [
    "ActionFilter",
    "CancelJob",
    "ClaimJobs",
    "CompleteJob",
    "EditShot",
    "EpisodePatch",
    "FailJob",
    "GenerateIdea",
    "GenerateScript",
    "GenerateVideo",
    "ItemReport",
    "JobOutcome",
    "JobPatch",
    "NewAction",
    "NewEpisode",
    "NewItem",
    "NewJob",
    "NewJobWebhook",
    "NewJobs",
    "NewKey",
    "NewMediaLink",
    "NewSchedule",
    "NewSeries",
    "NewSession",
    "NewWebhook",
    "PipelineIdea",
    "PipelineScript",
    "PreviewSchedule",
    "ReleaseJob",
    "ReplayWebhook",
    "ReportItems",
    "ReportOutcomes",
    "ReportProgress",
    "ReportShots",
    "SchedulePatch",
    "SeriesPatch",
    "SetActiveJob",
    "SendHeartbeat",
    "SetKeep",
    "SetQueue",
    "StartJob",
    "WebhookPatch",
];

/// Optional fields that cannot be null, because clearing them would mean nothing.
pub const NEVER_NULL: [(&str, &[&str]); 15] = [
    ("NewAction", &["dry_run", "confirm"]),
    ("SetQueue", &["paused", "keep"]),
    ("ItemReport", &["key", "idx"]),
    ("ReportProgress", &["progress", "current_stage"]),
    ("ReportShots", &["total_shots", "completed_shots"]),
    ("NewJob", &["run", "webhook"]),
    ("SeriesPatch", &["title"]),
    ("NewSchedule", &["overlap", "missed"]),
    (
        "SchedulePatch",
        &[
            "kind",
            "expr",
            "timezone",
            "template",
            "overlap",
            "missed",
            "window_seconds",
            "jitter_seconds",
        ],
    ),
    ("WebhookPatch", &["url", "kinds", "job_types", "labels"]),
    (
        "JobPatch",
        &[
            "status",
            "progress",
            "total_shots",
            "completed_shots",
            "priority",
            "max_attempts",
        ],
    ),
    ("GenerateIdea", &["user_requirement", "style"]),
    ("GenerateScript", &["user_requirement", "style"]),
    ("PipelineIdea", &["user_requirement", "style"]),
    ("PipelineScript", &["user_requirement", "style"]),
];

/// Requests of older clients, whose unknown fields the older services ignored.
pub const LEGACY_INPUTS: [&str; 6] = [
    "EditShot",
    "GenerateIdea",
    "GenerateScript",
    "GenerateVideo",
    "PipelineIdea",
    "PipelineScript",
];

/// Schemas that require at least one of some fields. The document says so in words only: a schema
/// with `anyOf` beside its properties has no type in most client generators. The server validates
/// with the rule.
const ONE_OF: [(&str, &[&str]); 5] = [
    ("ItemReport", &["key", "idx"]),
    ("ReportProgress", &["progress", "current_stage"]),
    ("ReportShots", &["total_shots", "completed_shots"]),
    (
        "SetQueue",
        &["paused", "max_running", "max_run_seconds", "keep", "then"],
    ),
    ("ReplayWebhook", &["position", "since"]),
];

/// Returns the schemas with the rules that the document has in words only, for the server's own
/// validation.
pub fn with_rules(mut schemas: Value) -> Value {
    for (name, fields) in ONE_OF {
        let rules = fields.iter().map(|field| json!({"required": [field]}));
        schemas[name]["anyOf"] = rules.collect();
    }
    schemas
}
