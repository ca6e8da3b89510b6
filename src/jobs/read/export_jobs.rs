//! export_page: complete jobs, oldest first, one page at a time.

use crate::{
    error::Result,
    jobs::{JobManager, WholeJob},
    lifecycle::Cursor,
};

impl JobManager {
    /// Returns the page of jobs behind the cursor; an empty page follows the last one. A job
    /// created during the export comes last. The order is the same on every database. Each page is
    /// a snapshot: the history of a job leads up to its version, even if the job changes meanwhile.
    pub async fn export_page(&self, after: Option<Cursor>, limit: u64) -> Result<Vec<WholeJob>> {
        self.db.export_page(after, limit).await
    }
}
