//! Statistics.

use super::{
    Tag,
    dto::{Bucket, StatsReport},
};
use crate::jobs::JobManager;
use poem::Result;
use poem_openapi::{OpenApi, param::Query, payload::Json};

pub struct Statistics(pub JobManager);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Stats")]
impl Statistics {
    /// Get statistics
    ///
    /// Counts by status and type, what waits longest, and what happened in the last hour, day or week. Exact, but for percentiles,
    /// which are told within 2 %.
    #[oai(path = "/stats", method = "get", operation_id = "get_stats")]
    async fn get_stats(
        &self,
        /// Span of time that is counted together; a minute when left out.
        bucket: Query<Option<Bucket>>,
        /// Only jobs of this type.
        job_type: Query<Option<String>>,
    ) -> Result<Json<StatsReport>> {
        let bucket = bucket.0.unwrap_or(Bucket::Minute);
        let stats = self.0.get_stats(bucket.into(), job_type.0.as_deref()).await?;
        Ok(Json(StatsReport::new(stats, bucket)))
    }
}
