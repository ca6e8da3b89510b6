//! Loops over webhooks: deliveries of new events, and deletion of old deliveries.

use super::Loop;
use crate::{error::Result, jobs::JobManager};
use std::time::Duration;

/// Makes and sends deliveries. The period bounds how late an endpoint learns of an event.
pub struct DeliverWebhooks;

impl Loop for DeliverWebhooks {
    const NAME: &'static str = "deliver_webhooks";
    const PERIOD: Duration = Duration::from_millis(500);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        jobs.deliver_webhooks().await
    }

    async fn wake(&self, jobs: &JobManager) {
        jobs.webhook_events_left().await;
    }
}

pub struct PruneDeliveries;

impl Loop for PruneDeliveries {
    const NAME: &'static str = "prune_deliveries";
    const PERIOD: Duration = Duration::from_secs(60 * 60);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        jobs.prune_webhook_deliveries().await
    }
}
