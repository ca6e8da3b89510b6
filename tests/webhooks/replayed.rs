//! Replays, the history that webhooks have not read, and restored databases.

use super::{deliver, deliveries, receiver::Receiver, webhook_to};
use crate::support::{TestApp, refusal};
use callsheet::jobs::{LeasedPolicy, ReplayFrom};
use chrono::TimeDelta;
use entity::{JobStatus, webhook_delivery::DeliveryState};
use serde_json::json;
use std::collections::BTreeSet;

fn ids(receiver: &Receiver) -> Vec<String> {
    let received = receiver.received();
    received.iter().map(|m| m.id().to_owned()).collect()
}

#[on_both]
async fn a_replay_sends_again_with_the_same_ids(t: TestApp) {
    let receiver = Receiver::start().await;
    t.job_in(JobStatus::Completed).await;
    t.clock.advance(TimeDelta::minutes(1));
    let webhook = webhook_to(&t, &receiver, &["job.completed"]).await;
    for _ in 0..3 {
        t.job_in(JobStatus::Completed).await;
        t.clock.advance(TimeDelta::minutes(1));
    }
    deliver(&t).await;
    let first: BTreeSet<_> = ids(&receiver).into_iter().collect();
    assert_eq!(first.len(), 3);
    t.replay_webhook(&webhook.id, ReplayFrom::Position(webhook.position))
        .await
        .unwrap();
    deliver(&t).await;
    let again: BTreeSet<_> = ids(&receiver)[3..].iter().cloned().collect();
    assert_eq!((again, ids(&receiver).len()), (first.clone(), 6));
    assert_eq!(
        deliveries(&t, &webhook.id).await.len(),
        3,
        "a row for each event"
    );

    let since = ReplayFrom::Time(t.now() - TimeDelta::minutes(2));
    t.replay_webhook(&webhook.id, since).await.unwrap();
    deliver(&t).await;
    assert_eq!(ids(&receiver).len(), 8, "the last two");

    t.replay_webhook(&webhook.id, ReplayFrom::Position(0))
        .await
        .unwrap();
    deliver(&t).await;
    assert_eq!(
        ids(&receiver).len(),
        12,
        "also what came before the webhook"
    );
    let late = ReplayFrom::Position(webhook.position + 1000);
    refusal(t.replay_webhook(&webhook.id, late).await, "invalid_request");
}

#[on_both]
async fn history_is_kept_until_the_slowest_webhook_has_read_it(t: TestApp) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&t, &receiver, &["job.started", "job.completed"]).await;
    t.pause_webhook(&webhook.id).await.unwrap();
    t.job_in(JobStatus::Completed).await;
    t.clock.advance(TimeDelta::days(40));
    t.roll_up_stats().await.unwrap();
    assert_eq!(t.prune_events(TimeDelta::days(30)).await.unwrap(), 0);
    t.resume_webhook(&webhook.id).await.unwrap();
    deliver(&t).await;
    assert_eq!(receiver.received().len(), 2);
    assert_eq!(t.prune_events(TimeDelta::days(30)).await.unwrap(), 2);
}

#[on_both]
async fn what_happened_to_a_job_is_sent_although_the_job_was_deleted_since(t: TestApp) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&t, &receiver, &["job.created", "job.cancelled"]).await;
    t.pause_webhook(&webhook.id).await.unwrap();
    let job = t.queued().await;
    t.cancel_job(&job.id, None, None).await.unwrap();
    t.delete_job(&job.id, None).await.unwrap();
    deliver(&t).await;
    assert_eq!(receiver.received().len(), 0, "it is paused");
    t.resume_webhook(&webhook.id).await.unwrap();
    deliver(&t).await;
    let mut kinds = receiver.kinds();
    kinds.sort();
    assert_eq!(kinds, ["job.cancelled", "job.created"]);
    for message in receiver.received() {
        let summary = &message.json()["data"]["job"];
        assert_eq!(
            (&summary["job_id"], &summary["attempt"]),
            (&json!(job.id), &json!(0))
        );
    }
    deliver(&t).await;
    assert_eq!(receiver.received().len(), 2, "each once");
}

#[on_both]
async fn a_restored_database_sends_nothing_of_before(t: TestApp) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&t, &receiver, &["job.completed"]).await;
    t.job_in(JobStatus::Completed).await;
    // Its delivery is made, but not sent.
    receiver.answer(super::receiver::Reply::status(500));
    deliver(&t).await;
    t.job_in(JobStatus::Completed).await;
    t.release_restored(LeasedPolicy::Keep).await.unwrap();
    let row = t.get_webhook(&webhook.id).await.unwrap().row;
    assert_eq!(row.failing_since, None, "its endpoint may be another one");
    receiver.answer(super::receiver::Reply::status(204));
    t.clock.advance(TimeDelta::hours(1));
    deliver(&t).await;
    assert_eq!(receiver.received().len(), 1);
    let rows = deliveries(&t, &webhook.id).await;
    assert_eq!(rows[0].state, DeliveryState::Failed);
    t.job_in(JobStatus::Completed).await;
    deliver(&t).await;
    assert_eq!(receiver.received().len(), 2, "what happens from now on");
}
