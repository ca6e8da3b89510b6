//! Handler of the statistics.

use super::{
    Tag,
    auth::Acting,
    contract::{Bound, Operation, READ, operation},
    dto::{Bucket, StatsReport},
};
use crate::jobs::StatsDetail;
use poem::Result;
use poem_openapi::{OpenApi, param::Query, payload::Json};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[operation("get_stats", READ, Bound::Typed)];

pub struct Statistics;

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Stats")]
impl Statistics {
    /// Get statistics
    ///
    /// Returns the number of jobs by status and type, the longest waiting job, and the activity of
    /// the last hour, day or week. All values are exact, except percentiles, which are within 2 %.
    /// On request, also returns the next jobs and the reasons of failures.
    #[oai(path = "/stats", method = "get", operation_id = "get_stats")]
    async fn get_stats(
        &self,
        jobs: Acting,
        /// Length of a bucket; one minute by default.
        bucket: Query<Option<Bucket>>,
        /// Only jobs of this type.
        job_type: Query<Option<String>>,
        /// Number of next jobs to return, in the order in which claims get them, without those of
        /// paused queues.
        #[oai(validator(minimum(value = "1"), maximum(value = "50")))]
        next: Query<Option<u64>>,
        /// Number of failed jobs, the newest first, to group by error and return.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        failures: Query<Option<u64>>,
    ) -> Result<Json<StatsReport>> {
        let bucket = bucket.0.unwrap_or(Bucket::Minute);
        let detail = StatsDetail {
            next: next.0,
            failures: failures.0,
        };
        let stats = jobs
            .get_stats(bucket.into(), job_type.0.as_deref(), detail)
            .await?;
        Ok(Json(StatsReport::new(stats, bucket)))
    }
}
