//! Webhooks: what is sent, how failures are retried, where messages may not go, and that servers
//! which share a database, or die, lose nothing.

mod allowed;
mod failing;
mod followers;
mod https;
mod killed;
mod limits;
mod of_jobs;
mod replayed;
mod sent;
mod shared;
mod skipped;

pub mod receiver;

use crate::support::TestApp;
use callsheet::{
    jobs::{JobManager, NewWebhook},
    outbound::{Limits, Outbound, OutboundPolicy},
};
use entity::{webhook, webhook_delivery as delivery};
use receiver::Receiver;
use std::time::Duration;

/// Lets a server send to this machine.
pub fn allow_loopback(jobs: &JobManager, total: Duration) {
    let policy = OutboundPolicy {
        allow_http: true,
        allowed: vec!["127.0.0.0/8".parse().unwrap()],
        ..OutboundPolicy::default()
    };
    let connect = Duration::from_secs(5);
    jobs.send_webhooks_by(Outbound::new(policy, Limits { connect, total }));
}

/// Creates a webhook of a receiver, for these kinds of messages.
pub async fn webhook_to(t: &TestApp, receiver: &Receiver, kinds: &[&str]) -> webhook::Model {
    allow_loopback(t, Duration::from_secs(60));
    let new = NewWebhook {
        url: receiver.url.clone(),
        kinds: Some(kinds.iter().map(|kind| (*kind).to_owned()).collect()),
        ..NewWebhook::default()
    };
    t.create_webhook(new).await.unwrap()
}

/// Makes and sends what is due, and waits until it is recorded.
pub async fn deliver(jobs: &JobManager) {
    jobs.deliver_webhooks().await.unwrap();
    jobs.webhooks_sent().await;
}

/// Deliveries of the webhook, the oldest first.
pub async fn deliveries(jobs: &JobManager, id: &str) -> Vec<delivery::Model> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let (rows, next) = jobs
            .list_webhook_deliveries(id, None, before, 200)
            .await
            .unwrap();
        all.extend(rows);
        before = next;
        if before.is_none() {
            break;
        }
    }
    all.reverse();
    all
}
