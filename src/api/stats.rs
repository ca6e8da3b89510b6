//! Statistics.

use super::{
    Tag,
    dto::{Bucket, StatsReport},
};
use crate::jobs::{JobManager, StatsDetail};
use poem::Result;
use poem_openapi::{OpenApi, param::Query, payload::Json};

pub struct Statistics(pub JobManager);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Stats")]
impl Statistics {
    /// Get statistics
    ///
    /// Counts by status and type, what waits longest, and what happened in the last hour, day or week. Exact, but for percentiles,
    /// which are told within 2 %. On request, which jobs come next, and why jobs failed.
    #[oai(path = "/stats", method = "get", operation_id = "get_stats")]
    async fn get_stats(
        &self,
        /// Span of time that is counted together; a minute when left out.
        bucket: Query<Option<Bucket>>,
        /// Only jobs of this type.
        job_type: Query<Option<String>>,
        /// Tells so many of the jobs that claims give out next, in order; none of a type that is paused.
        #[oai(validator(minimum(value = "1"), maximum(value = "50")))]
        next: Query<Option<u64>>,
        /// Tells why jobs failed: so many failed jobs, the newest, gathered by what went wrong.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        failures: Query<Option<u64>>,
    ) -> Result<Json<StatsReport>> {
        let bucket = bucket.0.unwrap_or(Bucket::Minute);
        let detail = StatsDetail { next: next.0, failures: failures.0 };
        let stats = self.0.get_stats(bucket.into(), job_type.0.as_deref(), detail).await?;
        Ok(Json(StatsReport::new(stats, bucket)))
    }
}
