//! Endpoints that fail: retries, and the end of patience.

use super::{
    deliver, deliveries,
    receiver::{Receiver, Reply},
    webhook_to,
};
use crate::support::{Patience, TestApp};
use callsheet::jobs::WebhookPatch;
use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    JobStatus,
    webhook::WebhookState,
    webhook_delivery::{self as delivery, DeliveryState},
};
use std::collections::BTreeSet;

async fn only(t: &TestApp, webhook_id: &str) -> delivery::Model {
    let mut rows = deliveries(t, webhook_id).await;
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

fn wait(delivery: &delivery::Model, now: DateTime<Utc>) -> i64 {
    (delivery.next_at.unwrap() - now).num_seconds()
}

#[on_both]
async fn a_message_is_retried_ever_more_slowly_while_others_are_accepted(t: TestApp) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&t, &receiver, &["job.completed"]).await;
    t.chance.set_jitter(0.5);
    receiver.answer_once(Reply::status(500));
    t.job_in(JobStatus::Completed).await;
    deliver(&t).await;
    let first = deliveries(&t, &webhook.id).await[0].id;
    let mut waits = Vec::new();
    loop {
        let rows = deliveries(&t, &webhook.id).await;
        let poison = rows.iter().find(|row| row.id == first).unwrap();
        if poison.state == DeliveryState::Failed {
            assert_eq!((poison.attempt, poison.next_at), (10, None));
            break;
        }
        waits.push(wait(poison, t.now()));
        // Another message is accepted, so that the fault is in this one.
        t.clock.advance(TimeDelta::seconds(1));
        t.job_in(JobStatus::Completed).await;
        deliver(&t).await;
        t.clock.set(poison.next_at.unwrap());
        receiver.answer_once(Reply::status(500));
        deliver(&t).await;
    }
    assert_eq!(
        waits,
        [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    );
    let row = t.get_webhook(&webhook.id).await.unwrap().row;
    assert_eq!(row.state, WebhookState::Active);
    t.retry_webhook_delivery(first).await.unwrap();
    deliver(&t).await;
    let again = deliveries(&t, &webhook.id).await;
    assert_eq!(again[0].state, DeliveryState::Delivered, "on request");
}

#[on_both]
async fn an_endpoint_may_say_when_to_try_again(t: TestApp) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&t, &receiver, &["job.completed"]).await;
    t.chance.set_jitter(0.5);
    receiver.answer(Reply::Status(503, "Retry-After: 120\r\n".into()));
    t.job_in(JobStatus::Completed).await;
    deliver(&t).await;
    assert_eq!(wait(&only(&t, &webhook.id).await, t.now()), 120);
    t.clock.advance(TimeDelta::seconds(119));
    deliver(&t).await;
    assert_eq!(receiver.received().len(), 1);
    t.clock.advance(TimeDelta::seconds(1));
    receiver.answer(Reply::status(200));
    deliver(&t).await;
    let ids: BTreeSet<_> = receiver
        .received()
        .iter()
        .map(|m| m.id().to_owned())
        .collect();
    assert_eq!(
        (receiver.received().len(), ids.len()),
        (2, 1),
        "the same id"
    );
    assert_eq!(only(&t, &webhook.id).await.state, DeliveryState::Delivered);
}

#[on_both]
async fn an_endpoint_that_is_gone_is_disabled(t: TestApp) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&t, &receiver, &["job.completed"]).await;
    receiver.answer(Reply::status(410));
    t.job_in(JobStatus::Completed).await;
    deliver(&t).await;
    let row = t.get_webhook(&webhook.id).await.unwrap().row;
    assert_eq!(row.state, WebhookState::Disabled);
    assert!(row.reason.unwrap().contains("410"));
    t.clock.advance(TimeDelta::days(1));
    t.job_in(JobStatus::Completed).await;
    deliver(&t).await;
    assert_eq!(receiver.received().len(), 1);
}

#[on_both]
async fn a_receiver_that_is_off_for_a_week_gets_everything_once_it_is_back(t: TestApp) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&t, &receiver, &["job.completed"]).await;
    receiver.answer(Reply::Close);
    let mut jobs = BTreeSet::new();
    let mut disabled_after = None;
    for hour in 0..7 * 24 {
        if hour % 6 == 0 {
            jobs.insert(t.job_in(JobStatus::Completed).await.id);
        }
        deliver(&t).await;
        let row = t.get_webhook(&webhook.id).await.unwrap().row;
        if row.state == WebhookState::Disabled {
            disabled_after.get_or_insert((hour, row.reason.unwrap()));
        }
        t.clock.advance(TimeDelta::hours(1));
    }
    let (hours, reason) = disabled_after.unwrap();
    assert!((120..=150).contains(&hours), "{hours}");
    assert!(
        reason.starts_with("Nothing but failures for five days."),
        "{reason}"
    );
    let tried = receiver.received().len();
    receiver.answer(Reply::status(204));
    deliver(&t).await;
    assert_eq!(receiver.received().len(), tried, "it waits to be resumed");
    t.resume_webhook(&webhook.id).await.unwrap();
    deliver(&t).await;
    let accepted: Vec<_> = receiver.received()[tried..]
        .iter()
        .map(|message| {
            message.json()["data"]["job"]["job_id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(accepted.len(), jobs.len(), "each once");
    assert_eq!(accepted.into_iter().collect::<BTreeSet<_>>(), jobs);
    let left = t.get_webhook(&webhook.id).await.unwrap();
    assert_eq!((left.waiting, left.behind), (0, 0));
    assert_eq!(left.row.failing_since, None);
}

#[on_both]
async fn after_an_outage_all_that_waits_is_due_at_once(t: TestApp) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&t, &receiver, &["job.completed"]).await;
    receiver.answer(Reply::status(502));
    t.job_in(JobStatus::Completed).await;
    // Four days, so that all of its attempts are used.
    for _ in 0..4 * 24 {
        deliver(&t).await;
        t.clock.advance(TimeDelta::hours(1));
    }
    let waiting = only(&t, &webhook.id).await;
    assert_eq!(waiting.state, DeliveryState::Pending, "not given up");
    receiver.answer(Reply::status(204));
    t.job_in(JobStatus::Completed).await;
    deliver(&t).await;
    let states: Vec<_> = deliveries(&t, &webhook.id)
        .await
        .iter()
        .map(|row| row.state)
        .collect();
    assert_eq!(states, [DeliveryState::Delivered; 2]);
}

#[on_both]
async fn after_an_outage_a_message_that_failed_before_waits_as_it_did(t: TestApp) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&t, &receiver, &["job.completed"]).await;
    t.chance.set_jitter(0.5);
    t.job_in(JobStatus::Completed).await;
    for _ in 0..4 {
        if let Some(poison) = deliveries(&t, &webhook.id).await.first() {
            t.clock.set(poison.next_at.unwrap());
        }
        receiver.answer_once(Reply::status(500));
        deliver(&t).await;
        // Another message is accepted, so that the fault is in this one.
        t.clock.advance(TimeDelta::seconds(1));
        t.job_in(JobStatus::Completed).await;
        deliver(&t).await;
    }
    receiver.answer(Reply::status(502));
    t.job_in(JobStatus::Completed).await;
    deliver(&t).await;
    t.clock.advance(TimeDelta::minutes(10));
    receiver.answer(Reply::status(204));
    t.job_in(JobStatus::Completed).await;
    deliver(&t).await;
    let rows = deliveries(&t, &webhook.id).await;
    assert_eq!(
        (rows[0].state, rows[0].attempt),
        (DeliveryState::Pending, 4)
    );
    assert_eq!(wait(&rows[0], t.now()), 7200 - 600 - 1);
    let others = rows[1..].iter().map(|row| row.state);
    assert_eq!(others.collect::<Vec<_>>(), [DeliveryState::Delivered; 6]);
}

#[on_both]
async fn five_days_in_which_no_server_ran_do_not_disable_a_webhook(t: TestApp) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&t, &receiver, &["job.completed"]).await;
    receiver.answer(Reply::status(500));
    t.job_in(JobStatus::Completed).await;
    deliver(&t).await;
    t.clock.advance(TimeDelta::days(6));
    deliver(&t).await;
    assert_eq!(receiver.received().len(), 2);
    let row = t.get_webhook(&webhook.id).await.unwrap().row;
    assert_eq!(row.state, WebhookState::Active);
}

#[on_both]
async fn what_waits_is_sent_to_a_new_url_at_once(t: TestApp) {
    let (old, new) = (Receiver::start().await, Receiver::start().await);
    let webhook = webhook_to(&t, &old, &["job.completed"]).await;
    old.answer(Reply::status(500));
    t.job_in(JobStatus::Completed).await;
    deliver(&t).await;
    t.clock.advance(TimeDelta::minutes(1));
    deliver(&t).await;
    let to = WebhookPatch {
        url: Some(new.url.clone()),
        ..WebhookPatch::default()
    };
    let moved = t.update_webhook(&webhook.id, to).await.unwrap();
    assert_eq!(moved.failing_since, None);
    deliver(&t).await;
    assert_eq!((old.received().len(), new.received().len()), (2, 1));
    assert_eq!(only(&t, &webhook.id).await.state, DeliveryState::Delivered);
}

#[on_both]
async fn a_failure_of_the_old_url_does_not_count_against_the_new_one(t: TestApp) {
    let (old, new) = (Receiver::start().await, Receiver::start().await);
    let webhook = webhook_to(&t, &old, &["job.completed"]).await;
    old.answer(Reply::Late(410));
    t.job_in(JobStatus::Completed).await;
    t.deliver_webhooks().await.unwrap();
    let patience = Patience::begin();
    while old.received().is_empty() {
        patience.pause("the old endpoint has the message").await;
    }
    let to = WebhookPatch {
        url: Some(new.url.clone()),
        ..WebhookPatch::default()
    };
    t.update_webhook(&webhook.id, to).await.unwrap();
    old.open_gate();
    t.webhooks_sent().await;
    deliver(&t).await;
    assert_eq!((old.received().len(), new.received().len()), (1, 1));
    let row = t.get_webhook(&webhook.id).await.unwrap().row;
    assert_eq!((row.state, row.failing_since), (WebhookState::Active, None));
    let sent = only(&t, &webhook.id).await;
    assert_eq!((sent.state, sent.attempt), (DeliveryState::Delivered, 2));
}
