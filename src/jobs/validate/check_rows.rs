//! Validation of the rows of an imported job, by the rules and bounds of the API. Only the job id
//! is freer, since clients ask for the jobs of an older store by the ids used there.

use crate::{
    db::write::ImportedJob,
    error::Result,
    jobs::validate::{
        self, Checks,
        check_own::{check_item, check_own},
    },
    lifecycle::{MAX_ATTEMPT, MAX_VERSION, is_terminal},
};
use entity::{JobStatus, job};
use serde_json::Value;
use std::collections::BTreeMap;

/// Checks all rows of an imported job.
///
/// Errors: `invalid_request`, with a JSON pointer into the record in its export format.
pub fn check_rows(record: &ImportedJob) -> Result<()> {
    let mut checks = Checks::default();
    check_job(&mut checks, &record.job);
    for (i, item) in record.items.iter().enumerate() {
        check_item(&mut checks, &format!("/items/{i}"), item);
    }
    if !record.items.is_sorted_by(|a, b| a.idx < b.idx) {
        checks.fail(
            "/items",
            "out_of_order",
            "The items are out of order: list them by ascending idx, each idx once.",
        );
    }
    if let Some(own) = &record.own {
        check_own(&mut checks, own);
    }
    checks.finish()
}

fn check_job(checks: &mut Checks, job: &job::Model) {
    checks.name("/job_id", &job.id, validate::MAX_ID_CHARS);
    checks.job_type("/job_type", &job.job_type);
    let texts = [
        ("/mode", &job.mode, validate::MAX_MODE_CHARS),
        ("/content", &job.content, usize::MAX),
        ("/user_requirement", &job.user_requirement, usize::MAX),
        ("/style", &job.style, validate::MAX_SHORT_CHARS),
        (
            "/project_title",
            &job.project_title,
            validate::MAX_SHORT_CHARS,
        ),
        (
            "/current_stage",
            &job.current_stage,
            validate::MAX_SHORT_CHARS,
        ),
        ("/working_dir", &job.working_dir, validate::MAX_DIR_CHARS),
        ("/error", &job.error_message, usize::MAX),
        ("/worker_id", &job.worker_id, validate::MAX_WORKER_ID_CHARS),
        ("/source", &job.source, validate::MAX_WORD_CHARS),
        ("/created_by", &job.created_by, validate::MAX_KEY_ID_CHARS),
        (
            "/source_status",
            &job.source_status,
            validate::MAX_SHORT_CHARS,
        ),
    ];
    for (pointer, text, max) in texts {
        checks.text(pointer, text.as_deref(), max);
    }
    let objects = [
        ("/request_data", &job.request_data),
        ("/context", &job.context),
        ("/result", &job.result_data),
    ];
    for (pointer, value) in objects {
        if value.as_ref().is_some_and(|value| !value.is_object()) {
            checks.fail(pointer, "wrong_type", "Use a JSON object.");
        }
    }
    check_numbers(checks, job);
    check_times(checks, job);
    check_labels(checks, job.labels.as_ref());
}

fn check_numbers(checks: &mut Checks, job: &job::Model) {
    checks.range(
        "/priority",
        Some(job.priority),
        validate::MIN_PRIORITY,
        validate::MAX_PRIORITY,
    );
    checks.range(
        "/max_attempts",
        Some(job.max_attempts),
        1,
        validate::MAX_ATTEMPTS,
    );
    checks.range("/attempt", Some(job.attempt), 0, MAX_ATTEMPT);
    checks.range(
        "/max_run_seconds",
        job.max_run_seconds,
        1,
        validate::MAX_RUN_SECONDS,
    );
    checks.range("/version", Some(job.version), 1, MAX_VERSION);
    checks.range("/holds", Some(job.holds), 0, i32::MAX);
    checks.range("/progress", Some(job.progress), 0.0, validate::MAX_PROGRESS);
    checks.range("/total_shots", Some(job.total_shots), 0, i32::MAX);
    checks.range(
        "/completed_shots",
        Some(job.completed_shots),
        0,
        job.total_shots.max(0),
    );
}

fn check_times(checks: &mut Checks, job: &job::Model) {
    let times = [
        ("/created_at", Some(job.created_at)),
        ("/updated_at", Some(job.updated_at)),
        ("/run_at", job.run_at),
        ("/started_at", job.started_at),
        ("/completed_at", job.completed_at),
        ("/lease_expires_at", job.lease_expires_at),
        ("/cancel_requested_at", job.cancel_requested_at),
        ("/status_since", job.status_since),
    ];
    for (pointer, time) in times {
        checks.time(pointer, time);
    }
    if is_terminal(job.status) != job.completed_at.is_some() {
        let detail = "completed_at contradicts the status: a completed, failed or cancelled job \
            needs it, and no other job may have it.";
        checks.fail("/completed_at", "contradicts_status", detail);
    }
    if job.lease_expires_at.is_some() && job.status != JobStatus::Processing {
        checks.fail(
            "/lease_expires_at",
            "contradicts_status",
            "Only a processing job can have a lease: remove lease_expires_at, or correct the \
            status.",
        );
    }
}

fn check_labels(checks: &mut Checks, labels: Option<&Value>) {
    let Some(labels) = labels else { return };
    let pairs = |labels: &serde_json::Map<String, Value>| -> Option<BTreeMap<String, String>> {
        labels
            .iter()
            .map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect()
    };
    match labels.as_object().and_then(pairs) {
        Some(labels) => checks.labels("/labels", &labels),
        None => checks.fail(
            "/labels",
            "wrong_type",
            "Use a JSON object whose values are strings.",
        ),
    }
}
