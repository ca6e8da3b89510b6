//! update_progress and update_shots: what a running job reports of itself.

use super::{IfVersion, JobManager, enter::fence, validate};
use crate::{
    db::write::{Change, Items},
    error::{Error, Result},
    lifecycle::{EventKind, percent},
};
use entity::{JobStatus, job};

/// What changed; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Percent, 0 to 100.
    pub progress: Option<f64>,
    pub current_stage: Option<String>,
}

impl JobManager {
    /// Errors: `job_not_found`, `job_not_processing`, `invalid_request`, `version_mismatch`.
    pub async fn update_progress(&self, id: &str, report: Progress, if_version: IfVersion) -> Result<job::Model> {
        let mut checks = validate::Checks::default();
        if report.progress.is_none() && report.current_stage.is_none() {
            checks.fail("", "nothing_given", "Give progress, current_stage, or both.");
        }
        checks.range("/progress", report.progress, 0.0, 100.0);
        checks.text("/current_stage", report.current_stage.as_deref(), validate::SHORT);
        checks.finish()?;
        self.change(id, if_version, Items::None, move |loaded, _| {
            let mut job = loaded.job.clone();
            must_process(&job)?;
            job.progress = report.progress.unwrap_or(job.progress);
            job.current_stage = report.current_stage.clone().or(job.current_stage);
            Ok((job != loaded.job).then(|| Change::of(EventKind::Progressed, job)))
        })
        .await
    }

    /// Sets the counts, and the progress from them when a total is known. A count left out stays.
    ///
    /// Errors: `job_not_found`, `job_not_processing`, `shots_counted_from_items`, `invalid_request`,
    /// `version_mismatch`.
    pub async fn update_shots(
        &self,
        id: &str,
        total: Option<i32>,
        completed: Option<i32>,
        if_version: IfVersion,
    ) -> Result<job::Model> {
        let mut checks = validate::Checks::default();
        if total.is_none() && completed.is_none() {
            checks.fail("", "nothing_given", "Give total_shots, completed_shots, or both.");
        }
        checks.range("/total_shots", total, 0, i32::MAX);
        checks.range("/completed_shots", completed, 0, i32::MAX);
        check_counts(&mut checks, total, completed);
        checks.finish()?;
        self.change(id, if_version, Items::Counted, move |loaded, _| {
            let mut job = loaded.job.clone();
            must_process(&job)?;
            if loaded.item_count > 0 {
                return Err(Error::ShotsCountedFromItems);
            }
            job.total_shots = total.unwrap_or(job.total_shots);
            job.completed_shots = completed.unwrap_or(job.completed_shots);
            check_shots(&job)?;
            if job.total_shots > 0 {
                job.progress = percent(job.completed_shots, job.total_shots);
            }
            Ok((job != loaded.job).then(|| Change::of(EventKind::ShotsUpdated, job)))
        })
        .await
    }
}

/// The job takes reports of this caller.
pub(super) fn must_process(job: &job::Model) -> Result<()> {
    if job.status != JobStatus::Processing {
        return Err(Error::NotProcessing(job.status));
    }
    fence(job)
}

/// Not more shots are done than there are.
pub(super) fn check_shots(job: &job::Model) -> Result<()> {
    let (completed, total) = (job.completed_shots, job.total_shots);
    if completed > total { Err(Error::ShotsExceedTotal { completed, total }) } else { Ok(()) }
}

/// The same of the two counts of one call, which no stored count can put right.
pub(super) fn check_counts(checks: &mut validate::Checks, total: Option<i32>, completed: Option<i32>) {
    if let (Some(total), Some(completed)) = (total, completed)
        && completed > total
    {
        checks.fail("/completed_shots", "exceeds_total", Error::ShotsExceedTotal { completed, total }.to_string());
    }
}
