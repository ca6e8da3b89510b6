//! Actions to start, and the preview of one.

use crate::{
    api::dto::{JobCounts, JobStatus, Time, same::same},
    jobs::{self, Preview},
};
use chrono::{DateTime, Utc};
use entity::job_action::ActionKind as Kind;
use poem_openapi::{Enum, Object};
use std::collections::BTreeMap;

/// Operation that an action applies to each job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ActionKind {
    /// Cancels the job, as `cancel_job` does.
    Cancel,
    /// Retries the job, as `retry_job` does.
    Retry,
    /// Deletes the job, as `delete_job` does.
    Delete,
    /// Sets the job's priority.
    SetPriority,
    /// Puts the archived job back, as `restore_job` does.
    Restore,
}

same!(ActionKind => Kind {
    Cancel,
    Retry,
    Delete,
    SetPriority,
    Restore,
});

/// An action on all jobs that match a filter.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct NewAction {
    /// Operation to apply to each job.
    pub action: ActionKind,
    /// New priority, for `set_priority` only.
    #[oai(validator(minimum(value = "-100"), maximum(value = "100")))]
    pub priority: Option<i16>,
    /// Filter of the jobs.
    pub filter: ActionFilter,
    /// Whether to only count the jobs that the action would change.
    #[oai(default)]
    pub dry_run: bool,
    /// Must be true if the action would apply to all existing jobs: with the filter `{}`, or with
    /// one that gives only times or a list of all statuses and excludes no job.
    #[oai(default)]
    pub confirm: bool,
}

/// Filter of the jobs to act on: a job must match all given fields. `{}` matches every job.
/// Archived jobs can be found by `status`, `job_type`, times and `job_ids`.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct ActionFilter {
    /// Statuses, one of which the job must have.
    #[oai(validator(max_items = 5))]
    pub status: Option<Vec<JobStatus>>,
    /// Only jobs of this type.
    pub job_type: Option<String>,
    /// Only jobs with this mode.
    pub mode: Option<String>,
    /// Only jobs of this series.
    pub series_id: Option<String>,
    /// Only jobs of this episode.
    pub episode_id: Option<String>,
    /// Only jobs that the key with this id created.
    pub created_by: Option<String>,
    /// Labels, all of which the job must have.
    pub labels: Option<BTreeMap<String, String>>,
    /// Only jobs created at this time or later.
    pub created_after: Option<DateTime<Utc>>,
    /// Only jobs created before this time.
    pub created_before: Option<DateTime<Utc>>,
    /// Only jobs that ended at this time or later.
    pub ended_after: Option<DateTime<Utc>>,
    /// Only jobs that ended before this time.
    pub ended_before: Option<DateTime<Utc>>,
    /// Signature of the error: its first line, with `#` for numbers and ids.
    #[oai(validator(max_length = 1000))]
    pub error: Option<String>,
    /// Only jobs that this worker holds or ended.
    pub worker_id: Option<String>,
    /// Text in the title or in the first 65,536 characters of the content.
    #[oai(validator(max_length = 100))]
    pub q: Option<String>,
    /// Ids, one of which the job must have.
    #[oai(validator(min_items = 1, max_items = 1000))]
    pub job_ids: Option<Vec<String>>,
}

impl From<NewAction> for jobs::NewAction {
    fn from(new: NewAction) -> Self {
        let filter = new.filter;
        let filter = jobs::ActionFilter {
            status: filter
                .status
                .unwrap_or_default()
                .into_iter()
                .map(Into::into)
                .collect(),
            job_type: filter.job_type,
            mode: filter.mode,
            series_id: filter.series_id,
            episode_id: filter.episode_id,
            created_by: filter.created_by,
            labels: filter.labels.unwrap_or_default(),
            created_after: filter.created_after,
            created_before: filter.created_before,
            ended_after: filter.ended_after,
            ended_before: filter.ended_before,
            error: filter.error,
            worker_id: filter.worker_id,
            q: filter.q,
            job_ids: filter.job_ids.unwrap_or_default(),
        };
        Self {
            action: new.action.into(),
            priority: new.priority,
            filter,
        }
    }
}

/// Counts of the jobs that an action would change.
#[derive(Debug, Object)]
pub struct ActionPreview {
    /// Always null, because no action was started.
    pub action_id: Option<String>,
    /// Always `true`, because nothing was changed.
    pub dry_run: bool,
    /// Number of matching jobs.
    pub matching: u64,
    /// Number of matching jobs by status.
    pub by_status: JobCounts,
    /// Number of jobs that the action would change.
    pub will_change: u64,
    /// Jobs that are in the wanted state already, or whose status does not allow the operation.
    pub will_not_change: u64,
    /// Time for which the values hold.
    pub as_of: Time,
    /// Description of the filter in words.
    pub filter_text: String,
}

impl From<Preview> for ActionPreview {
    fn from(preview: Preview) -> Self {
        let matching = preview.by_status.total();
        Self {
            action_id: None,
            dry_run: true,
            matching,
            by_status: preview.by_status.into(),
            will_change: preview.will_change,
            will_not_change: matching.saturating_sub(preview.will_change),
            as_of: preview.as_of.into(),
            filter_text: preview.filter_text,
        }
    }
}
