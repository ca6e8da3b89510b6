//! list_events: history of one job.

use crate::{db::Part, error::Result, jobs::JobManager};
use entity::job_event;

impl JobManager {
    /// Lists the events of a job with a `seq` greater than `after`, in order: at most `limit`,
    /// fewer if they are large.
    ///
    /// Errors: `job_not_found`.
    pub async fn list_events(
        &self,
        id: &str,
        after: Option<i64>,
        limit: u64,
    ) -> Result<Part<job_event::Model>> {
        self.find_job(id).await?;
        self.db.events_of_job(id, after.unwrap_or(0), limit).await
    }
}
