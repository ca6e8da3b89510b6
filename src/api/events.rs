//! The history of a job.

use super::{
    Tag,
    dto::{Event, EventList},
    paging,
    rows::Rows,
    written::Written,
};
use crate::jobs::JobManager;
use poem::Result;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
    types::ToJSON,
};
use serde_json::json;

pub struct Events(pub JobManager);

#[OpenApi(prefix_path = "/api/v1/jobs", tag = "Tag::Events")]
impl Events {
    /// List events
    ///
    /// What happened to a job, in order. A page ends at 8 MiB: it may hold fewer than `limit`, and `next_after` goes on.
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
    ) -> Result<Written<EventList>> {
        let limit = paging::limit(limit.0)?;
        let mut rows = Rows::new("events");
        let read = |after, limit| self.0.list_events(&job_id.0, after, limit);
        let write = |event| Event::from(event).to_json_string();
        let next_after = rows.fill(limit, after.0, read, |event| event.seq, write).await?;
        Ok(rows.end(&json!({"job_id": job_id.0, "next_after": next_after})))
    }
}
