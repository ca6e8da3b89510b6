//! Validation of the rows of an imported job, by the rules and bounds of the API. Only the job id
//! is freer, since clients ask for the jobs of an older store by the ids used there.

use crate::{
    db::write::{ImportedJob, OwnRows},
    error::Result,
    jobs::{
        MAX_KEY_NAME_CHARS,
        validate::{self, Checks},
    },
    lifecycle::{MAX_ATTEMPT, MAX_INDEX, MAX_VERSION, is_terminal},
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, job, job_event, job_item};
use serde_json::Value;
use std::collections::BTreeMap;

/// Maximum number of characters in the id of a series or an episode.
const MAX_PARENT_ID_CHARS: usize = 36;

/// Maximum number of characters in the kind of an event, and in the name of a source store.
const MAX_WORD_CHARS: usize = 50;

/// Maximum number of characters in the id of a key.
const MAX_KEY_ID_CHARS: usize = 8;

/// Maximum number of seconds that a job can have spent in a status: ten thousand years.
const MAX_SECONDS: f64 = 3.2e11;

/// Truncates the times of the rows to the microseconds that both databases store.
pub fn cut_times(record: &mut ImportedJob) {
    let cut = |time: &mut DateTime<Utc>| *time = validate::micros(*time);
    let job = &mut record.job;
    [&mut job.created_at, &mut job.updated_at]
        .into_iter()
        .for_each(cut);
    let optional = [
        &mut job.run_at,
        &mut job.started_at,
        &mut job.completed_at,
        &mut job.lease_expires_at,
        &mut job.cancel_requested_at,
        &mut job.status_since,
        &mut job.last_heard_at,
        &mut job.run_until,
    ];
    optional.into_iter().flatten().for_each(cut);
    for item in &mut record.items {
        [&mut item.created_at, &mut item.updated_at]
            .into_iter()
            .for_each(cut);
        [&mut item.started_at, &mut item.completed_at]
            .into_iter()
            .flatten()
            .for_each(cut);
    }
    let Some(own) = record.own.as_deref_mut() else {
        return;
    };
    own.history
        .iter_mut()
        .for_each(|event| cut(&mut event.created_at));
    own.series
        .iter_mut()
        .for_each(|series| cut(&mut series.created_at));
    own.episode
        .iter_mut()
        .for_each(|episode| cut(&mut episode.created_at));
    own.active
        .iter_mut()
        .for_each(|active| cut(&mut active.created_at));
}

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
        ("/mode", &job.mode, 20),
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
        ("/working_dir", &job.working_dir, 500),
        ("/error", &job.error_message, usize::MAX),
        ("/worker_id", &job.worker_id, validate::MAX_WORKER_ID_CHARS),
        ("/source", &job.source, MAX_WORD_CHARS),
        ("/created_by", &job.created_by, MAX_KEY_ID_CHARS),
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
    checks.range("/priority", Some(job.priority), -100, 100);
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
    checks.range("/progress", Some(job.progress), 0.0, 100.0);
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

fn check_item(checks: &mut Checks, pointer: &str, item: &job_item::Model) {
    let at = |field: &str| format!("{pointer}/{field}");
    checks.text(at("key"), Some(&item.key), validate::MAX_KEY_CHARS);
    checks.text(at("error"), item.error.as_deref(), usize::MAX);
    checks.range(at("idx"), Some(item.idx), 0, MAX_INDEX);
    checks.range(at("attempt"), Some(item.attempt), 0, MAX_ATTEMPT);
    checks.time(at("created_at"), Some(item.created_at));
    checks.time(at("updated_at"), Some(item.updated_at));
    checks.time(at("started_at"), item.started_at);
    checks.time(at("completed_at"), item.completed_at);
}

fn check_own(checks: &mut Checks, own: &OwnRows) {
    for (i, event) in own.history.iter().enumerate() {
        check_event(checks, &format!("/events/{i}"), event);
    }
    for series in &own.series {
        checks.name("/series/series_id", &series.id, MAX_PARENT_ID_CHARS);
        checks.text(
            "/series/title",
            Some(&series.title),
            validate::MAX_SHORT_CHARS,
        );
        checks.time("/series/created_at", Some(series.created_at));
    }
    if let Some(episode) = &own.episode {
        checks.name("/episode/episode_id", &episode.id, MAX_PARENT_ID_CHARS);
        checks.text(
            "/episode/title",
            episode.title.as_deref(),
            validate::MAX_SHORT_CHARS,
        );
        checks.range("/episode/number", episode.number, 0, i32::MAX);
        checks.time("/episode/created_at", Some(episode.created_at));
    }
    for (i, active) in own.active.iter().enumerate() {
        let at = |field: &str| format!("/active_jobs/{i}/{field}");
        checks.name(
            at("client_id"),
            &active.client_id,
            validate::MAX_WORKER_ID_CHARS,
        );
        checks.text(
            at("title"),
            active.title.as_deref(),
            validate::MAX_SHORT_CHARS,
        );
        checks.time(at("created_at"), Some(active.created_at));
    }
}

fn check_event(checks: &mut Checks, pointer: &str, event: &job_event::Model) {
    let at = |field: &str| format!("{pointer}/{field}");
    // Streams use the kind as the name of their messages.
    if !(1..=MAX_WORD_CHARS).contains(&event.kind.len())
        || !event
            .kind
            .chars()
            .all(|c| c.is_ascii_lowercase() || c == '_')
    {
        checks.fail(
            at("kind"),
            "invalid_name",
            "Use 1 to 50 of the characters a-z _ as the kind of an event.",
        );
    }
    checks.text(
        at("current_stage"),
        event.current_stage.as_deref(),
        validate::MAX_SHORT_CHARS,
    );
    checks.range(at("seq"), Some(event.seq), 1, MAX_VERSION);
    checks.range(at("progress"), Some(event.progress), 0.0, 100.0);
    checks.range(at("total_shots"), Some(event.total_shots), 0, i32::MAX);
    checks.range(
        at("completed_shots"),
        Some(event.completed_shots),
        0,
        i32::MAX,
    );
    checks.range(at("seconds"), event.seconds, 0.0, MAX_SECONDS);
    checks.time(at("created_at"), Some(event.created_at));
    checks.text(at("by/key_id"), event.by_key.as_deref(), MAX_KEY_ID_CHARS);
    checks.text(at("by/name"), event.by_name.as_deref(), MAX_KEY_NAME_CHARS);
}
