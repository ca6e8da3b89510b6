//! update_job: changes any of the mutable fields in one write. A status among them is a transition
//! like any other.

use crate::{
    db::write::{Change, Loaded},
    error::{Error, FieldError, Result},
    jobs::{
        IfVersion, JobManager,
        control::{
            apply_patch::apply, before::keeping, cancel_job::cancelled, check_patch::check,
            job_patch::JobPatch, retry_job::retried,
        },
        validate,
        work::{
            begin::begin_first,
            finish_job::{completed, failed_for_good},
            progress::{check_shots, must_process, takes_late_counts},
            start_job::started,
        },
    },
    lifecycle::EventKind,
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, job};

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
        let items = patch.needed_items();
        let (weight, steers) = (patch.weight(), patch.only_steers());
        let done = self.try_change(id, if_version, items, weight, move |loaded, now| {
            let change = if patch.starts_first() {
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

fn decide(loaded: &Loaded, patch: &JobPatch, now: DateTime<Utc>) -> Result<Option<Change>> {
    let mut job = loaded.job.clone();
    apply(&mut job, patch)?;
    check_shots(&job)?;
    let counts = patch.has_counts();
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
