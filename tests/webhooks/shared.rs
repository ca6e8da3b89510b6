//! Servers that share a database, and servers that fall silent.

use super::{
    allow_loopback, deliver, deliveries,
    receiver::{Receiver, Reply},
    webhook_to,
};
use crate::support::{TestApp, at_once};
use callsheet::{db::write::ClaimDeliveries, jobs::JobManager};
use chrono::TimeDelta;
use entity::{JobStatus, webhook_delivery::DeliveryState};
use std::{collections::BTreeSet, time::Duration};

#[on_both]
async fn on_two_servers_each_event_is_one_delivery_and_sent_once(t: TestApp) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&t, &receiver, &["job.created", "job.completed"]).await;
    let other = t.another().await;
    allow_loopback(&other, Duration::from_secs(60));
    let servers: Vec<JobManager> = vec![JobManager::clone(&t), other.clone()];
    for _ in 0..10 {
        for _ in 0..4 {
            t.job_in(JobStatus::Completed).await;
        }
        let rounds = servers.clone().into_iter().map(|server| async move {
            // A server may find the other one at work; what that leaves comes next.
            let _ = server.deliver_webhooks().await;
            server.webhooks_sent().await;
        });
        at_once(rounds).await;
    }
    deliver(&t).await;
    let rows = deliveries(&t, &webhook.id).await;
    let events: BTreeSet<_> = rows.iter().map(|row| row.event_id).collect();
    assert_eq!((rows.len(), events.len()), (80, 80));
    let received = receiver.received();
    let ids: BTreeSet<_> = received.iter().map(|m| m.id()).collect();
    assert_eq!((received.len(), ids.len()), (80, 80));
    other.database().clone().close().await.unwrap();
}

#[on_both]
async fn a_delivery_whose_server_fell_silent_is_sent_again_with_its_id(t: TestApp) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&t, &receiver, &["job.completed"]).await;
    receiver.answer_once(Reply::status(500));
    t.job_in(JobStatus::Completed).await;
    deliver(&t).await;
    t.clock.advance(TimeDelta::minutes(1));
    let claim = ClaimDeliveries {
        webhook_id: webhook.id.clone(),
        endpoint: String::new(),
        now: t.now(),
        until: t.now() + TimeDelta::seconds(60),
    };
    let (_, claimed) = t.database().commit(claim).await.unwrap().unwrap();
    assert_eq!(claimed.len(), 1);
    t.clock.advance(TimeDelta::seconds(59));
    deliver(&t).await;
    assert_eq!(receiver.received().len(), 1, "it may still be sending");
    t.clock.advance(TimeDelta::seconds(1));
    deliver(&t).await;
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].id(), received[1].id());
    let row = deliveries(&t, &webhook.id).await.remove(0);
    assert_eq!((row.state, row.attempt), (DeliveryState::Delivered, 2));
}
