//! The history of a job.

use super::{Tag, dto::EventList, paging};
use crate::jobs::JobManager;
use poem::Result;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
    payload::Json,
};

pub struct Events(pub JobManager);

#[OpenApi(prefix_path = "/api/v1/jobs", tag = "Tag::Events")]
impl Events {
    /// List events
    ///
    /// What happened to a job, in order.
    #[oai(path = "/:job_id/events", method = "get", operation_id = "list_events")]
    async fn list_events(
        &self,
        /// Id of the job.
        job_id: Path<String>,
        /// Only events behind this seq: `next_after` of the page before.
        after: Query<Option<i64>>,
        /// Events of a page.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
    ) -> Result<Json<EventList>> {
        let limit = paging::limit(limit.0)?;
        let mut events = self.0.list_events(&job_id.0, after.0, limit + 1).await?;
        let more = events.len() as u64 > limit;
        events.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next_after = events.last().filter(|_| more).map(|event| event.seq);
        let events = events.into_iter().map(Into::into).collect();
        Ok(Json(EventList { job_id: job_id.0, events, next_after }))
    }
}
