//! Loop that writes the sign of life of this server.

use super::Loop;
use crate::{error::Result, jobs::JobManager};
use std::time::Duration;

/// Writes the row of this server, and counts the servers that it deletes after a day of silence.
pub struct NoteServer;

impl Loop for NoteServer {
    const NAME: &'static str = "note_server";
    const PERIOD: Duration = Duration::from_secs(15);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        jobs.note_server().await
    }
}
