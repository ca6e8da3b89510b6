//! Handler that counts jobs.

use crate::api::{
    Tag,
    auth::Acting,
    contract::{Bound, Operation, READ, operation},
    dto::{JobCounts, JobStatus},
    filter::{Given, filter},
};
use chrono::{DateTime, Utc};
use poem::Result;
use poem_openapi::{OpenApi, param::Query, payload::Json};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] =
    &[operation("count_jobs", READ, Bound::Jobs).codes(&["search_too_long"])];

pub struct CountJobs;

#[OpenApi(prefix_path = "/api/v1/jobs", tag = "Tag::Jobs")]
impl CountJobs {
    /// Count jobs by status
    ///
    /// Counts the jobs that match all given filters.
    #[oai(path = "/counts", method = "get", operation_id = "count_jobs")]
    #[allow(
        clippy::too_many_arguments,
        reason = "each is a parameter of the document"
    )]
    async fn count_jobs(
        &self,
        jobs: Acting,
        /// Only jobs with this status.
        status: Query<Option<JobStatus>>,
        /// Only jobs of this type.
        job_type: Query<Option<String>>,
        /// Only jobs with this mode.
        mode: Query<Option<String>>,
        /// Only jobs of this series.
        series_id: Query<Option<String>>,
        /// Only jobs of this episode.
        episode_id: Query<Option<String>>,
        /// Only jobs that the key with this id created.
        created_by: Query<Option<String>>,
        /// Only jobs with this label, as `key=value`. If repeated, a job must have all labels.
        label: Query<Vec<String>>,
        /// Only jobs created at this time or later.
        created_after: Query<Option<DateTime<Utc>>>,
        /// Only jobs created before this time.
        created_before: Query<Option<DateTime<Utc>>>,
        /// Only jobs that ended at this time or later.
        ended_after: Query<Option<DateTime<Utc>>>,
        /// Only jobs that ended before this time.
        ended_before: Query<Option<DateTime<Utc>>>,
        /// Only jobs whose error has this signature, as `causes` of the statistics have it: its
        /// first line, with `#` for numbers and ids.
        error: Query<Option<String>>,
        /// Only jobs that this worker holds or ended.
        worker_id: Query<Option<String>>,
        /// Only jobs with this text in the title or in the first 65,536 characters of the content.
        q: Query<Option<String>>,
    ) -> Result<Json<JobCounts>> {
        let filter = filter(Given {
            status: status.0,
            job_type: job_type.0,
            mode: mode.0,
            series_id: series_id.0,
            episode_id: episode_id.0,
            created_by: created_by.0,
            label: label.0,
            created_after: created_after.0,
            created_before: created_before.0,
            ended_after: ended_after.0,
            ended_before: ended_before.0,
            error: error.0,
            worker_id: worker_id.0,
            q: q.0,
        })?;
        Ok(Json(jobs.count_jobs(&filter).await?.into()))
    }
}
