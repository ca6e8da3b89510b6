//! deliver_webhooks: makes deliveries of new events, and begins to send those that are due.

use super::endpoint::Endpoint;
use crate::{
    db::write::{Follower, PlanDeliveries},
    error::Result,
    jobs::JobManager,
};
use entity::webhook;
use std::time::Duration;

/// Time after which the position of a webhook is moved although no event is for it.
const MOVE_AFTER: Duration = Duration::from_secs(5);

/// Endpoints of jobs that a run looks at.
const DUE_ENDPOINTS: u64 = 200;

impl JobManager {
    /// Makes deliveries of the events that webhooks have not read yet, and begins to send those
    /// that are due. Each webhook has a task of its own, so that a slow endpoint holds up no other.
    /// Returns the number of webhooks that are sent something. Servers may run this at the same
    /// time.
    pub async fn deliver_webhooks(&self) -> Result<u64> {
        let planned = self.plan_deliveries().await;
        let mut begun = 0;
        for id in self.db.due_webhooks(self.now()).await? {
            begun += u64::from(self.begin_sending(Endpoint::of_webhook(id)));
        }
        begun += self.send_messages_of_jobs().await?;
        planned.map(|()| begun)
    }

    /// Begins to send what is due to URLs that jobs named: to a number of endpoints at once,
    /// one after the other, so that those that are away do not hold up the rest.
    async fn send_messages_of_jobs(&self) -> Result<u64> {
        let now = self.now();
        let last = self.webhooks.last_endpoint().clone();
        let mut due = self.db.due_endpoints(&last, now, DUE_ENDPOINTS).await?;
        if (due.len() as u64) < DUE_ENDPOINTS {
            let mut first = self.db.due_endpoints("", now, DUE_ENDPOINTS).await?;
            // The database has an order of its own.
            first.retain(|endpoint| !due.contains(endpoint));
            due.append(&mut first);
        }
        let mut begun = 0;
        for endpoint in due {
            if self.begin_sending(Endpoint::of_job(endpoint.clone())) {
                begun += 1;
                *self.webhooks.last_endpoint() = endpoint;
            }
        }
        Ok(begun)
    }

    /// Returns when a run of [`Self::deliver_webhooks`] has left events for the next.
    pub async fn webhook_events_left(&self) {
        self.webhooks.left.notified().await;
    }

    /// Returns when this server is sending nothing.
    pub async fn webhooks_sent(&self) {
        loop {
            let ended = self.webhooks.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            if self.webhooks.busy().is_empty() {
                return;
            }
            ended.await;
        }
    }

    async fn plan_deliveries(&self) -> Result<()> {
        let webhooks = self.db.active_webhooks().await?;
        let Some(slowest) = webhooks.iter().map(|row| row.position).min() else {
            return Ok(());
        };
        let Some(certain) = self.certain_behind(slowest).await? else {
            return Ok(());
        };
        let mut planned = Ok(());
        for webhook in webhooks {
            if webhook.position < certain.position {
                // The failure of one holds up no other.
                planned = planned.and(self.plan(webhook, certain.position).await);
            }
        }
        certain.whole(planned?)
    }

    async fn plan(&self, webhook: webhook::Model, upto: i64) -> Result<()> {
        if !self.has_to_move(&webhook, upto).await? {
            return Ok(());
        }
        let follower = PlanDeliveries::new(webhook.id, self.now());
        let pages = self.follow("deliver_webhooks", follower, upto).await?;
        if pages >= PlanDeliveries::PAGES {
            self.webhooks.left.notify_one();
        }
        Ok(())
    }

    /// Returns whether the position of the webhook is to be moved: at once for an event that it
    /// asks for, and otherwise only now and then, because each move is a write.
    async fn has_to_move(&self, webhook: &webhook::Model, upto: i64) -> Result<bool> {
        let now = self.clock.monotonic();
        let moved_at = self.webhooks.moved().get(&webhook.id).copied();
        let is_long_ago = moved_at.is_none_or(|at| now.saturating_sub(at) >= MOVE_AFTER);
        let moves = is_long_ago || self.db.has_events_for(webhook, upto).await?;
        if moves {
            self.webhooks.moved().insert(webhook.id.clone(), now);
        }
        Ok(moves)
    }
}
