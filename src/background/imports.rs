//! Runs of the importer whose process is gone.

use super::Loop;
use crate::{error::Result, jobs::JobManager};
use std::time::Duration;

pub struct GiveUpImports(pub JobManager);

impl Loop for GiveUpImports {
    const NAME: &'static str = "imports";
    const PERIOD: Duration = Duration::from_secs(30);

    async fn run_once(&self) -> Result<()> {
        let runs = self.0.give_up_imports().await?;
        if runs > 0 {
            tracing::warn!(runs, "imports were given up: their process is gone");
        }
        Ok(())
    }
}
