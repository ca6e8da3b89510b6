//! update_job: changes any of the mutable fields in one write. A status among them is a transition
//! like any other.

use crate::{
    db::write::{Change, Items, Loaded, weight_of_members},
    error::{Error, FieldError, Result},
    jobs::{
        IfVersion, JobManager,
        control::{before::keeping, cancel_job::cancelled, retry_job::retried},
        create::create_job::labels_json,
        validate::{self, pointer::JsonPath},
        work::{
            begin::begin_first,
            finish_job::{completed, failed_for_good},
            progress::{check_counts, check_shots, must_process, takes_late_counts},
            start_job::started,
        },
    },
    lifecycle::{EventKind, merge_patch, percent},
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, job};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Merge patch (RFC 7396): `None` leaves a field unchanged, `Some(None)` clears it. Objects are
/// merged member by member; a null removes a member.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobPatch {
    pub status: Option<JobStatus>,
    pub mode: Option<Option<String>>,
    pub content: Option<Option<String>>,
    pub user_requirement: Option<Option<String>>,
    pub style: Option<Option<String>>,
    pub project_title: Option<Option<String>>,
    pub request_data: Option<Option<Map<String, Value>>>,
    pub context: Option<Option<Map<String, Value>>>,
    pub progress: Option<f64>,
    pub current_stage: Option<Option<String>>,
    pub working_dir: Option<Option<String>>,
    pub result: Option<Option<Map<String, Value>>>,
    pub error: Option<Option<String>>,
    pub total_shots: Option<i32>,
    pub completed_shots: Option<i32>,
    pub episode_id: Option<Option<String>>,
    pub series_id: Option<Option<String>>,
    pub priority: Option<i16>,
    pub run_at: Option<Option<DateTime<Utc>>>,
    pub max_attempts: Option<i32>,
    pub max_run_seconds: Option<Option<i32>>,
    /// Labels to change; a label with `None` is removed.
    pub labels: Option<Option<BTreeMap<String, Option<String>>>>,
}

impl JobManager {
    /// Applies a merge patch to a job. A patch that changes nothing adds no event and no version.
    ///
    /// Errors: `job_not_found`, `job_transition_illegal`, `invalid_request`, `version_mismatch`,
    /// `shots_counted_from_items`.
    pub async fn update_job(
        &self,
        id: &str,
        patch: JobPatch,
        if_version: IfVersion,
    ) -> Result<job::Model> {
        check(&patch)?;
        let items = needed_items(&patch);
        let (weight, steers) = (weight(&patch), only_steers(&patch));
        let done = self.try_change(id, if_version, items, weight, move |loaded, now| {
            let change = if starts_first(&patch) {
                begin_first(loaded, None, now, |loaded| decide(loaded, &patch, now))?
            } else {
                decide(loaded, &patch, now)?
            };
            Ok(change.map(|change| {
                if steers {
                    keeping(&loaded.job, change)
                } else {
                    change
                }
            }))
        });
        Ok(done.await?.job)
    }
}

/// Returns whether the patch sets only what decides when the job runs. Such a change can be undone.
fn only_steers(patch: &JobPatch) -> bool {
    let rest = JobPatch {
        status: None,
        priority: None,
        run_at: None,
        max_attempts: None,
        ..patch.clone()
    };
    rest == JobPatch::default()
}

/// Returns the approximate size of the patch's long fields, in bytes.
fn weight(patch: &JobPatch) -> usize {
    let texts = [&patch.content, &patch.user_requirement, &patch.error];
    let documents = [&patch.request_data, &patch.context, &patch.result];
    let texts = texts.into_iter().flatten().flatten().map(String::len);
    texts
        .chain(
            documents
                .into_iter()
                .flatten()
                .flatten()
                .map(weight_of_members),
        )
        .sum()
}

fn needed_items(patch: &JobPatch) -> Items {
    let counts = patch.total_shots.is_some() || patch.completed_shots.is_some();
    match patch.status {
        Some(JobStatus::Completed) => Items::Open,
        Some(JobStatus::Queued) => Items::Counted,
        _ if counts => Items::Counted,
        _ => Items::None,
    }
}

/// Returns whether the patch is a report, which starts a queued job that its creator runs.
fn starts_first(patch: &JobPatch) -> bool {
    match patch.status {
        Some(JobStatus::Completed | JobStatus::Failed) => true,
        Some(_) => false,
        None => {
            let counts = patch.total_shots.is_some() || patch.completed_shots.is_some();
            counts || patch.progress.is_some() || patch.current_stage.is_some()
        }
    }
}

fn decide(loaded: &Loaded, patch: &JobPatch, now: DateTime<Utc>) -> Result<Option<Change>> {
    let mut job = loaded.job.clone();
    apply(&mut job, patch)?;
    check_shots(&job)?;
    let counts = patch.total_shots.is_some() || patch.completed_shots.is_some();
    if counts && loaded.item_count > 0 {
        return Err(Error::ShotsCountedFromItems);
    }
    let status = patch.status.unwrap_or(job.status);
    if status == JobStatus::Completed && matches!(patch.error, Some(Some(_))) {
        let detail =
            "A completed job cannot have an error: remove the error, or set the status to failed.";
        return Err(Error::invalid(FieldError::at(
            "/error",
            "completed_without_error",
            detail,
        )));
    }
    let late = takes_late_counts(loaded, None) && status == loaded.job.status;
    if late && patch.progress.is_none() {
        job.progress = loaded.job.progress;
    }
    let reports = patch.progress.is_some() || patch.current_stage.is_some() || (counts && !late);
    let starts = status == JobStatus::Processing && loaded.job.status != JobStatus::Processing;
    if reports && !starts {
        // A patch may contain reports and the status that ends the job, so the status before it
        // decides.
        must_process(&loaded.job, None)?;
    }
    let updated = (job != loaded.job).then(|| Change::of(EventKind::Updated, job.clone()));
    if status == loaded.job.status {
        return Ok(updated);
    }
    // The other fields are set first, so that the values of the transition (progress 100, no error,
    // …) win.
    let mut moved = move_to(
        status,
        &Loaded {
            job,
            ..loaded.clone()
        },
        now,
    )?;
    if let (Some(change), Some(run_at), JobStatus::Queued) = (&mut moved, patch.run_at, status) {
        // A retried job runs as soon as possible, unless the patch names a time.
        change.job.run_at = run_at.map(validate::micros);
    }
    if let Some(change) = &mut moved {
        // A patch does not change who runs the job.
        change.job.holds = loaded.job.holds;
    }
    // A repeated request to cancel a flagged job makes no transition.
    Ok(moved.or(updated))
}

/// Applies the verb that leads to the status. A failure set by hand is final: no attempt follows.
fn move_to(status: JobStatus, loaded: &Loaded, now: DateTime<Utc>) -> Result<Option<Change>> {
    let job = &loaded.job;
    match status {
        JobStatus::Queued => retried(loaded, now).map(Some),
        JobStatus::Processing => started(job, None, None, now).map(Some),
        JobStatus::Completed => completed(loaded, None, None, now),
        JobStatus::Failed => failed_for_good(job, None, None, now).map(Some),
        JobStatus::Cancelled => cancelled(job, None, now),
    }
}

fn apply(job: &mut job::Model, patch: &JobPatch) -> Result<()> {
    set(&mut job.mode, &patch.mode);
    set(&mut job.content, &patch.content);
    set(&mut job.user_requirement, &patch.user_requirement);
    set(&mut job.style, &patch.style);
    set(&mut job.project_title, &patch.project_title);
    set(&mut job.current_stage, &patch.current_stage);
    set(&mut job.working_dir, &patch.working_dir);
    set(&mut job.error_message, &patch.error);
    set(&mut job.episode_id, &patch.episode_id);
    set(&mut job.series_id, &patch.series_id);
    set(
        &mut job.run_at,
        &patch.run_at.map(|t| t.map(validate::micros)),
    );
    merge(&mut job.request_data, &patch.request_data);
    merge(&mut job.context, &patch.context);
    one_path(&mut job.result_data, &patch.result);
    merge(&mut job.result_data, &patch.result);
    job.progress = patch.progress.unwrap_or(job.progress);
    job.total_shots = patch.total_shots.unwrap_or(job.total_shots);
    job.completed_shots = patch.completed_shots.unwrap_or(job.completed_shots);
    if patch.progress.is_none()
        && (patch.total_shots.is_some() || patch.completed_shots.is_some())
        && job.total_shots > 0
    {
        job.progress = percent(job.completed_shots, job.total_shots);
    }
    job.priority = patch.priority.unwrap_or(job.priority);
    job.max_attempts = patch.max_attempts.unwrap_or(job.max_attempts);
    set(&mut job.max_run_seconds, &patch.max_run_seconds);
    if let Some(labels) = &patch.labels {
        job.labels = merged_labels(job.labels.take(), labels.as_ref())?;
    }
    Ok(())
}

/// Treats `video_path` and `final_video_path` as one field: a patch of one of them must not leave
/// an old value in the other.
fn one_path(result: &mut Option<Value>, patch: &Option<Option<Map<String, Value>>>) {
    let (Some(Value::Object(members)), Some(Some(patch))) = (result, patch) else {
        return;
    };
    for (one, other) in [
        ("video_path", "final_video_path"),
        ("final_video_path", "video_path"),
    ] {
        if patch.contains_key(one) && !patch.contains_key(other) {
            members.remove(other);
        }
    }
}

fn set<T: Clone>(field: &mut Option<T>, patch: &Option<Option<T>>) {
    if let Some(value) = patch {
        field.clone_from(value);
    }
}

fn merge(field: &mut Option<Value>, patch: &Option<Option<Map<String, Value>>>) {
    match patch {
        None => {}
        Some(None) => *field = None,
        Some(Some(members)) => {
            let mut merged = field.take().unwrap_or(Value::Null);
            merge_patch(&mut merged, &Value::Object(members.clone()));
            *field = Some(merged);
        }
    }
}

fn merged_labels(
    before: Option<Value>,
    patch: Option<&BTreeMap<String, Option<String>>>,
) -> Result<Option<Value>> {
    let Some(patch) = patch else { return Ok(None) };
    let mut labels: BTreeMap<String, String> = before
        .and_then(|labels| serde_json::from_value(labels).ok())
        .unwrap_or_default();
    for (key, value) in patch {
        match value {
            Some(value) => labels.insert(key.clone(), value.clone()),
            None => labels.remove(key),
        };
    }
    let mut checks = validate::Checks::default();
    checks.labels("/labels", &labels);
    checks.finish()?;
    Ok(labels_json(labels))
}

fn check(patch: &JobPatch) -> Result<()> {
    let mut checks = validate::Checks::default();
    let text = |field: &'static str,
                value: &Option<Option<String>>,
                max,
                checks: &mut validate::Checks| {
        checks.text(field, value.as_ref().and_then(Option::as_deref), max);
    };
    text("/mode", &patch.mode, 20, &mut checks);
    text("/content", &patch.content, usize::MAX, &mut checks);
    text(
        "/user_requirement",
        &patch.user_requirement,
        usize::MAX,
        &mut checks,
    );
    text(
        "/style",
        &patch.style,
        validate::MAX_SHORT_CHARS,
        &mut checks,
    );
    text(
        "/project_title",
        &patch.project_title,
        validate::MAX_SHORT_CHARS,
        &mut checks,
    );
    text(
        "/current_stage",
        &patch.current_stage,
        validate::MAX_SHORT_CHARS,
        &mut checks,
    );
    text("/working_dir", &patch.working_dir, 500, &mut checks);
    text("/error", &patch.error, usize::MAX, &mut checks);
    text("/episode_id", &patch.episode_id, 36, &mut checks);
    text("/series_id", &patch.series_id, 36, &mut checks);
    checks.object(
        "/request_data",
        patch.request_data.as_ref().and_then(Option::as_ref),
    );
    checks.object("/context", patch.context.as_ref().and_then(Option::as_ref));
    checks.object("/result", patch.result.as_ref().and_then(Option::as_ref));
    checks.range("/progress", patch.progress, 0.0, 100.0);
    check_counts(&mut checks, patch.total_shots, patch.completed_shots);
    checks.range("/priority", patch.priority, -100, 100);
    checks.range(
        "/max_attempts",
        patch.max_attempts,
        1,
        validate::MAX_ATTEMPTS,
    );
    checks.range(
        "/max_run_seconds",
        patch.max_run_seconds.flatten(),
        1,
        validate::MAX_RUN_SECONDS,
    );
    checks.time("/run_at", patch.run_at.flatten());
    for key in patch
        .labels
        .iter()
        .flatten()
        .flat_map(|labels| labels.keys())
    {
        if checks.is_full() {
            break;
        }
        checks.label_key(JsonPath::Root(&"/labels"), key);
    }
    checks.finish()
}
