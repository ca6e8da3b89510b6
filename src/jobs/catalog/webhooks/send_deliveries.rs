//! Sending of the due deliveries of an endpoint, in a task of its own.

use super::{endpoint::Endpoint, headers::headers, outcome::Attempt};
use crate::{
    db::write::{ClaimDeliveries, MAX_IN_FLIGHT, RecordDelivery},
    error::Result,
    jobs::JobManager,
};
use chrono::TimeDelta;
use entity::{webhook, webhook_delivery as delivery};
use futures_util::{StreamExt, stream::FuturesUnordered};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Time after which another server sends a delivery whose server fell silent. An attempt is far
/// shorter.
pub const LEASE: TimeDelta = TimeDelta::seconds(60);

/// Outage of an endpoint after whose end all that waits is due at once.
const LONG_OUTAGE: TimeDelta = TimeDelta::minutes(5);

/// Endpoints of jobs to which a server sends at the same time.
const MAX_ENDPOINTS: usize = 64;

/// Time after which an endpoint of jobs that is still sent something lets another have its turn.
const TURN: Duration = Duration::from_secs(5);

impl JobManager {
    /// Begins to send what is due to an endpoint, and returns whether it did. A task that sends to
    /// it already gets a signal.
    pub(super) fn begin_sending(&self, to: Endpoint) -> bool {
        let mut busy = self.webhooks.busy();
        let of_jobs = busy.keys().filter(|busy| busy.is_of_job()).count();
        if let Some(more) = busy.get(&to) {
            more.notify_one();
            return false;
        }
        if to.is_of_job() && of_jobs >= MAX_ENDPOINTS {
            return false;
        }
        let more = busy.entry(to.clone()).or_default().clone();
        let sending = Sending {
            jobs: self.clone(),
            to,
        };
        tokio::spawn(sending.run(more));
        true
    }

    /// Sends the due deliveries to an endpoint until none is left. `more` tells of those that
    /// become due while others wait for the endpoint. After a failure at the URL of a job, or after
    /// a time, other endpoints have their turn.
    async fn send_to(&self, to: &Endpoint, more: &Notify) -> Result<()> {
        let began = Instant::now();
        let mut in_flight = FuturesUnordered::new();
        let mut has_failed = false;
        loop {
            let is_over = to.is_of_job() && began.elapsed() >= TURN;
            // A server that stops ends what it has begun.
            if in_flight.len() < MAX_IN_FLIGHT && !has_failed && !is_over && !self.feed.is_over() {
                let now = self.now();
                let claim = ClaimDeliveries {
                    webhook_id: to.webhook_id.clone(),
                    endpoint: to.endpoint.clone(),
                    now,
                    until: now + LEASE,
                };
                if let Some((webhook, claimed)) = self.db.commit(claim).await? {
                    let webhook = Arc::new(webhook);
                    in_flight.extend(claimed.into_iter().map(|delivery| {
                        let webhook = webhook.clone();
                        async move { self.send(&webhook, delivery).await }
                    }));
                }
            }
            tokio::select! {
                sent = in_flight.next() => match sent {
                    Some(sent) => has_failed |= !sent? && to.is_of_job(),
                    None => {
                        if is_over {
                            self.webhooks.left.notify_one();
                        }
                        return Ok(());
                    }
                },
                () = more.notified() => {}
            }
        }
    }

    /// Sends a delivery, records the outcome, and returns whether the endpoint accepted it.
    async fn send(&self, webhook: &webhook::Model, claimed: delivery::Model) -> Result<bool> {
        let attempt = self.attempt(webhook, &claimed).await;
        let succeeded = attempt.succeeded();
        let url = webhook.url.clone();
        let record = RecordDelivery {
            claimed,
            now: attempt.ended_at,
            long_outage: LONG_OUTAGE,
            decide: Box::new(move |webhook, delivery| {
                if delivery.url.is_some() {
                    (webhook.clone(), attempt.at_url_of_job(delivery))
                } else if webhook.url == url {
                    attempt.outcome(webhook, delivery)
                } else {
                    (webhook.clone(), attempt.at_old_url(delivery))
                }
            }),
        };
        self.db.commit(record).await.map(|_| succeeded)
    }

    /// Sends a delivery once.
    pub(super) async fn attempt(
        &self,
        webhook: &webhook::Model,
        delivery: &delivery::Model,
    ) -> Attempt {
        let began = Instant::now();
        let url = delivery.url.as_ref().or(webhook.url.as_ref());
        let answer = match (headers(webhook, delivery, self.now()), url) {
            (None, _) => Err("The secret of the webhook cannot be read: rotate it.".to_owned()),
            (_, None) => Err("The delivery has no URL.".to_owned()),
            (Some(headers), Some(url)) => {
                let body = delivery.body.clone().into();
                self.webhooks.outbound().post(url, headers, body).await
            }
        };
        Attempt {
            ended_at: self.now(),
            took: began.elapsed(),
            answer,
            jitter: self.chance.jitter(),
        }
    }
}

/// Task that sends to one endpoint; its end is noted even if it panics.
struct Sending {
    jobs: JobManager,
    to: Endpoint,
}

impl Sending {
    async fn run(self, more: Arc<Notify>) {
        if let Err(error) = self.jobs.send_to(&self.to, &more).await {
            let Endpoint {
                webhook_id,
                endpoint,
            } = &self.to;
            tracing::warn!(webhook_id, endpoint, %error, "sending to a webhook was interrupted; it \
                goes on in a moment");
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.jobs.webhooks.busy().remove(&self.to);
        self.jobs.webhooks.ended.notify_waiters();
    }
}
