//! update_progress and update_shots: progress reports of a running job.

use crate::{
    db::write::{Change, Items, Loaded},
    error::{Error, Result},
    jobs::{
        Guard, JobManager,
        apply_transition::check_lease,
        validate,
        work::{begin::begin_first, heard_of::heard_of},
    },
    lifecycle::{EventKind, is_terminal, percent},
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, job};

/// Progress report; `None` leaves a field unchanged.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Progress in percent, 0 to 100.
    pub progress: Option<f64>,
    pub current_stage: Option<String>,
}

impl JobManager {
    /// Sets the progress, the current stage, or both. The first report on a queued job that its
    /// creator runs starts the job.
    ///
    /// Errors: `job_not_found`, `job_not_processing`, `lease_lost`, `invalid_request`,
    /// `version_mismatch`.
    pub async fn update_progress(
        &self,
        id: &str,
        report: Progress,
        guard: impl Into<Guard> + Send,
    ) -> Result<job::Model> {
        let mut checks = validate::Checks::default();
        if report.progress.is_none() && report.current_stage.is_none() {
            checks.fail(
                "",
                "nothing_given",
                "Give progress, current_stage, or both.",
            );
        }
        check_progress(&mut checks, &report);
        checks.finish()?;
        let Guard { version, lease } = guard.into();
        self.change(id, version, Items::None, move |loaded, now| {
            let token = lease.as_deref();
            begin_first(loaded, token, now, |loaded| {
                let mut job = loaded.job.clone();
                must_process(&job, token)?;
                apply_progress(&mut job, &report);
                Ok(reported(loaded, job, EventKind::Progressed, now))
            })
        })
        .await
    }

    /// Sets the shot counts, and computes the progress from them if a total is known. An omitted
    /// count stays unchanged. An ended job without items takes counts too, and keeps its progress.
    /// The first report on a queued job that its creator runs starts the job.
    ///
    /// Errors: `job_not_found`, `job_not_processing`, `lease_lost`, `shots_counted_from_items`,
    /// `invalid_request`, `version_mismatch`.
    pub async fn update_shots(
        &self,
        id: &str,
        total: Option<i32>,
        completed: Option<i32>,
        guard: impl Into<Guard> + Send,
    ) -> Result<job::Model> {
        let mut checks = validate::Checks::default();
        if total.is_none() && completed.is_none() {
            checks.fail(
                "",
                "nothing_given",
                "Give total_shots, completed_shots, or both.",
            );
        }
        check_counts(&mut checks, total, completed);
        checks.finish()?;
        let Guard { version, lease } = guard.into();
        self.change(id, version, Items::Counted, move |loaded, now| {
            let token = lease.as_deref();
            begin_first(loaded, token, now, |loaded| {
                let mut job = loaded.job.clone();
                if !takes_late_counts(loaded, token) {
                    must_process(&job, token)?;
                }
                apply_shots(&mut job, loaded, total, completed)?;
                Ok(reported(loaded, job, EventKind::ShotsUpdated, now))
            })
        })
        .await
    }
}

/// Returns the change of a report, after which the worker was heard of. One that changes nothing
/// else adds no event.
pub(in crate::jobs) fn reported(
    loaded: &Loaded,
    mut job: job::Model,
    kind: EventKind,
    now: DateTime<Utc>,
) -> Option<Change> {
    let changed = job != loaded.job;
    heard_of(&mut job, now);
    match (changed, &job.lease_token) {
        (true, _) => Some(Change::of(kind, job)),
        (false, Some(_)) => Some(Change::of_lease(job)),
        (false, None) => None,
    }
}

pub(in crate::jobs) fn check_progress(checks: &mut validate::Checks, report: &Progress) {
    checks.range("/progress", report.progress, 0.0, validate::MAX_PROGRESS);
    checks.text(
        "/current_stage",
        report.current_stage.as_deref(),
        validate::MAX_SHORT_CHARS,
    );
}

pub(in crate::jobs) fn apply_progress(job: &mut job::Model, report: &Progress) {
    job.progress = report.progress.unwrap_or(job.progress);
    job.current_stage = report.current_stage.clone().or(job.current_stage.take());
}

pub(in crate::jobs) fn apply_shots(
    job: &mut job::Model,
    loaded: &Loaded,
    total: Option<i32>,
    completed: Option<i32>,
) -> Result<()> {
    if loaded.item_count > 0 {
        return Err(Error::ShotsCountedFromItems);
    }
    job.total_shots = total.unwrap_or(job.total_shots);
    job.completed_shots = completed.unwrap_or(job.completed_shots);
    check_shots(job)?;
    if job.total_shots > 0 && !is_terminal(job.status) {
        job.progress = percent(job.completed_shots, job.total_shots);
    }
    Ok(())
}

/// Returns whether the job has ended without items, so that its counts may still be set: creators
/// often count the shots of a film that is made.
pub(in crate::jobs) fn takes_late_counts(loaded: &Loaded, token: Option<&str>) -> bool {
    token.is_none() && loaded.item_count == 0 && is_terminal(loaded.job.status)
}

/// Checks that the job accepts reports of this caller, which holds the lease with the token or
/// works without one. Checks the token first: a worker that lost its lease gets that error in every
/// status of the job.
pub(in crate::jobs) fn must_process(job: &job::Model, token: Option<&str>) -> Result<()> {
    if token.is_some() {
        check_lease(job, token)?;
    }
    if job.status != JobStatus::Processing {
        return Err(Error::NotProcessing(job.status));
    }
    check_lease(job, token)
}

/// Checks that the job has at least as many shots as are completed.
pub(in crate::jobs) fn check_shots(job: &job::Model) -> Result<()> {
    let (completed, total) = (job.completed_shots, job.total_shots);
    if completed > total {
        Err(Error::ShotsExceedTotal { completed, total })
    } else {
        Ok(())
    }
}

/// Checks two reported counts for errors that no stored count can correct.
pub(in crate::jobs) fn check_counts(
    checks: &mut validate::Checks,
    total: Option<i32>,
    completed: Option<i32>,
) {
    checks.range("/total_shots", total, 0, i32::MAX);
    checks.range("/completed_shots", completed, 0, i32::MAX);
    if let (Some(total), Some(completed)) = (total, completed)
        && completed > total
    {
        checks.fail(
            "/completed_shots",
            "exceeds_total",
            Error::ShotsExceedTotal { completed, total }.to_string(),
        );
    }
}
