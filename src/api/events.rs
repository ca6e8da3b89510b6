//! Handler of the history of a job.

use super::{
    Tag,
    auth::Acting,
    contract::{Bound, Operation, READ, operation},
    dto::{Event, EventList},
    json_bytes::JsonBytes,
    paging,
    rows::Rows,
};
use poem::Result;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
    types::ToJSON,
};
use serde_json::json;

/// Contract of each operation here.
pub const CONTRACT: &[Operation] =
    &[operation("list_events", READ, Bound::Job).codes(&["job_not_found"])];

pub struct Events;

#[OpenApi(prefix_path = "/api/v1/jobs", tag = "Tag::Events")]
impl Events {
    /// List events
    ///
    /// Returns the history of a job, in order. A page ends at 8 MiB and may therefore hold fewer
    /// than `limit` events: continue with `next_cursor`.
    #[oai(path = "/:job_id/events", method = "get", operation_id = "list_events")]
    async fn list_events(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        /// `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
        /// Same as `cursor`, for older clients: only events after this `seq`.
        after: Query<Option<i64>>,
        /// Maximum number of events on the page; 50 by default.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
    ) -> Result<JsonBytes<EventList>> {
        let limit = paging::limit(limit.0)?;
        let after = paging::after(cursor.0, after.0)?;
        let mut rows = Rows::new("events");
        let read = |after, limit| jobs.list_events(&job_id.0, after, limit);
        let write = |event| Event::from(event).to_json_string();
        let next_after = rows
            .fill(limit, after, read, |event| event.seq, write)
            .await?;
        Ok(rows.end_numbered(json!({"job_id": job_id.0}), next_after))
    }
}
