//! Actions on many jobs that wait for a server.

use super::Loop;
use crate::{error::Result, jobs::JobManager};
use std::time::Duration;

pub struct RunActions(pub JobManager);

impl Loop for RunActions {
    const NAME: &'static str = "actions";
    const PERIOD: Duration = Duration::from_secs(5);

    async fn run_once(&self) -> Result<()> {
        self.0.run_actions().await
    }

    async fn woken(&self) {
        self.0.action_begun().await;
    }
}
