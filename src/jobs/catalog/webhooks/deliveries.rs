//! list_webhook_deliveries, retry_webhook_delivery, test_webhook and prune_webhook_deliveries.

use super::{existing, send_deliveries::LEASE, with_url};
use crate::{
    db::write::{InsertDelivery, PruneDeliveries, RecordDelivery, RetryDelivery, test_message},
    error::{Error, Resource, Result},
    jobs::{JobManager, validate},
    lifecycle::{SKIPPED_KIND, TEST_KIND},
};
use chrono::TimeDelta;
use entity::webhook_delivery::{self as delivery, DeliveryState};

/// Time for which deliveries that have ended are kept.
const KEEP: TimeDelta = TimeDelta::days(30);

/// Maximum number of deliveries that are deleted at once.
const MAX_BATCH: u64 = 500;

/// Returns the id of the message, which is the same in all attempts and replays.
pub fn message_id(delivery: &delivery::Model) -> String {
    match delivery.event_id {
        Some(event) => format!("evt_{}_{event}", delivery.webhook_id),
        None if delivery.kind == SKIPPED_KIND => {
            format!("skipped_{}_{}", delivery.webhook_id, delivery.id)
        }
        None => format!("test_{}_{}", delivery.webhook_id, delivery.id),
    }
}

impl JobManager {
    /// Lists the deliveries of a webhook, all or those about one job, the newest first: one page,
    /// and the last id of the page if more follow.
    ///
    /// Errors: `webhook_not_found`, `invalid_request`.
    pub async fn list_webhook_deliveries(
        &self,
        webhook_id: &str,
        job_id: Option<&str>,
        before: Option<i64>,
        limit: u64,
    ) -> Result<(Vec<delivery::Model>, Option<i64>)> {
        if let Some(id) = job_id {
            validate::no_nul_parameter("job_id", id)?;
        }
        let webhook = self.db.webhook(existing(webhook_id)?).await?;
        let mut rows = self
            .db
            .deliveries_before(&webhook.id, job_id, before, limit.saturating_add(1))
            .await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let last = rows.last().map(|row| row.id);
        Ok((rows, last.filter(|_| more)))
    }

    /// Makes a delivery due at once, whatever its state, with all of its attempts.
    ///
    /// Errors: `delivery_not_found`.
    pub async fn retry_webhook_delivery(&self, id: i64) -> Result<delivery::Model> {
        let now = self.now();
        self.db.commit(RetryDelivery { id, now }).await
    }

    /// Sends a webhook a message of the kind `webhook.test`, once, and returns the outcome. A
    /// failure does not count against the webhook.
    ///
    /// Errors: `webhook_not_found`, `webhook_of_jobs`.
    pub async fn test_webhook(&self, id: &str) -> Result<delivery::Model> {
        let webhook = self.db.webhook(with_url(id)?).await?;
        let now = self.now();
        let row = delivery::Model {
            id: 0,
            webhook_id: webhook.id.clone(),
            event_id: None,
            job_id: None,
            kind: TEST_KIND.to_owned(),
            url: None,
            endpoint: String::new(),
            scope: None,
            body: test_message(&webhook, now),
            state: DeliveryState::Sending,
            attempt: 0,
            event_at: now,
            next_at: Some(now + LEASE),
            failing_since: None,
            status_code: None,
            error: None,
            duration_ms: None,
            response: None,
            created_at: now,
            updated_at: now,
        };
        let claimed = self.db.commit(InsertDelivery(row)).await?;
        let attempt = self.attempt(&webhook, &claimed).await;
        let record = RecordDelivery {
            claimed,
            now: attempt.ended_at,
            long_outage: TimeDelta::MAX,
            decide: Box::new(move |webhook, delivery| {
                let mut after = attempt.noted(delivery);
                after.next_at = None;
                after.state = if attempt.succeeded() {
                    DeliveryState::Delivered
                } else {
                    DeliveryState::Failed
                };
                (webhook.clone(), after)
            }),
        };
        let recorded = self.db.commit(record).await?;
        recorded.ok_or(Error::NotFound(Resource::Delivery))
    }

    /// Deletes deliveries that have ended and are older than 30 days, and returns their number.
    pub async fn prune_webhook_deliveries(&self) -> Result<u64> {
        let created_before = self.now() - KEEP;
        let mut pruned = 0;
        loop {
            let batch = PruneDeliveries {
                created_before,
                at_most: MAX_BATCH,
            };
            match self.db.commit(batch).await? {
                0 => return Ok(pruned),
                gone => pruned += gone,
            }
        }
    }
}
