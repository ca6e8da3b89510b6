//! What is heard of workers is written down, and those that are gone are forgotten.

use super::Loop;
use crate::{error::Result, jobs::JobManager};
use std::time::Duration;

pub struct NoteWorkers(pub JobManager);

impl Loop for NoteWorkers {
    const NAME: &'static str = "workers";
    const PERIOD: Duration = Duration::from_secs(2);

    async fn run_once(&self) -> Result<()> {
        self.0.note_workers().await.map(|_| ())
    }
}

pub struct ForgetWorkers(pub JobManager);

impl Loop for ForgetWorkers {
    const NAME: &'static str = "lost_workers";
    const PERIOD: Duration = Duration::from_secs(600);

    async fn run_once(&self) -> Result<()> {
        self.0.forget_workers().await.map(|_| ())
    }
}
