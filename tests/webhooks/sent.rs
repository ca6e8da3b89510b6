//! What endpoints are sent, and how it is signed.

use super::{allow_loopback, deliver, deliveries, receiver::Receiver, webhook_to};
use crate::support::{TestApp, any_job, for_good};
use callsheet::jobs::{NewJob, NewWebhook, Progress, WebhookPatch};
use chrono::TimeDelta;
use entity::{JobStatus, webhook_delivery::DeliveryState};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;
use std::{collections::BTreeMap, time::Duration};

#[on_both]
async fn a_job_that_ends_is_sent_and_signed(t: TestApp) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&t, &receiver, &["job.completed"]).await;
    let job = t.job_in(JobStatus::Completed).await;
    deliver(&t).await;
    let [message] = &receiver.received()[..] else {
        panic!("{:?}", receiver.received())
    };
    assert!(message.is_signed_by(&webhook.secret));
    assert!(!message.is_signed_by("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    assert_eq!(message.headers["content-type"], "application/json");
    assert_eq!(
        message.headers["webhook-timestamp"],
        t.now().timestamp().to_string()
    );
    let body = message.json();
    assert_eq!(
        (&body["type"], &body["timestamp"]),
        (
            &json!("job.completed"),
            &json!("2026-01-01T00:00:00.000000Z")
        )
    );
    assert_eq!(
        (
            &body["data"]["job"]["job_id"],
            &body["data"]["job"]["status"],
            &body["data"]["job"]["attempt"],
            &body["data"]["event"]["seq"],
        ),
        (&json!(job.id), &json!("completed"), &json!(1), &json!(3))
    );
    let [delivery] = &deliveries(&t, &webhook.id).await[..] else {
        panic!()
    };
    assert_eq!(delivery.state, DeliveryState::Delivered);
    assert_eq!((delivery.attempt, delivery.status_code), (1, Some(204)));
    let position = delivery.event_id.unwrap();
    assert_eq!(message.id(), format!("evt_{}_{position}", webhook.id));
    deliver(&t).await;
    assert_eq!(receiver.received().len(), 1, "once");
}

#[on_both]
async fn a_webhook_is_sent_the_kinds_types_and_labels_that_it_asks_for(t: TestApp) {
    let receiver = Receiver::start().await;
    let all = ["job.created", "job.started", "job.failed", "job.cancelled"];
    let webhook = webhook_to(&t, &receiver, &all).await;
    let patch = WebhookPatch {
        job_types: Some(vec!["idea2video".into()]),
        labels: Some(BTreeMap::from([("team".into(), "red".into())])),
        ..WebhookPatch::default()
    };
    t.update_webhook(&webhook.id, patch).await.unwrap();
    let of_team = |team: &str, job_type: &str| NewJob {
        job_type: job_type.into(),
        labels: BTreeMap::from([("team".into(), team.into())]),
        ..any_job()
    };
    let red = t.create(of_team("red", "idea2video")).await;
    t.create(of_team("blue", "idea2video")).await;
    t.create(of_team("red", "script2video")).await;
    t.queued().await;
    t.start(&red.id).await;
    t.mark_failed(&red.id, for_good("broken"), None)
        .await
        .unwrap();
    deliver(&t).await;
    let mut kinds = receiver.kinds();
    kinds.sort();
    assert_eq!(kinds, ["job.created", "job.failed", "job.started"]);
}

#[on_both]
async fn a_webhook_begins_with_what_happens_after_its_creation(t: TestApp) {
    let receiver = Receiver::start().await;
    t.job_in(JobStatus::Completed).await;
    webhook_to(&t, &receiver, &["job.completed", "job.created"]).await;
    deliver(&t).await;
    assert_eq!(receiver.received().len(), 0);
}

#[on_both]
async fn progress_is_sent_once_in_ten_seconds_of_a_job(t: TestApp) {
    let receiver = Receiver::start().await;
    webhook_to(&t, &receiver, &["job.progressed"]).await;
    let job = t.started().await;
    let other = t.started().await;
    for second in 0..25 {
        t.clock.advance(TimeDelta::seconds(1));
        for id in [&job.id, &other.id] {
            let progress = Progress {
                progress: Some(f64::from(second)),
                ..Progress::default()
            };
            t.update_progress(id, progress, None).await.unwrap();
        }
        if second % 4 == 0 {
            deliver(&t).await;
        }
    }
    deliver(&t).await;
    let of = |id: &str| {
        let mut times: Vec<f64> = receiver
            .received()
            .iter()
            .map(|message| message.json()["data"]["job"].clone())
            .filter(|job| job["job_id"] == id)
            .map(|job| job["progress"].as_f64().unwrap())
            .collect();
        times.sort_by(f64::total_cmp);
        times
    };
    assert_eq!(of(&job.id), [1.0, 11.0, 21.0]);
    assert_eq!(of(&other.id), [1.0, 11.0, 21.0]);
}

#[on_both]
async fn both_secrets_verify_for_a_day_after_a_rotation(t: TestApp) {
    let receiver = Receiver::start().await;
    let before = webhook_to(&t, &receiver, &["job.completed"]).await;
    let after = t.rotate_webhook_secret(&before.id).await.unwrap();
    assert_ne!(before.secret, after.secret);
    t.job_in(JobStatus::Completed).await;
    deliver(&t).await;
    t.clock.advance(TimeDelta::hours(24));
    t.job_in(JobStatus::Completed).await;
    deliver(&t).await;
    let signed_by = |secret: &str| -> Vec<bool> {
        let received = receiver.received();
        received.iter().map(|m| m.is_signed_by(secret)).collect()
    };
    assert_eq!(signed_by(&after.secret), [true, true]);
    assert_eq!(signed_by(&before.secret), [true, false]);
}

#[on_both]
async fn a_large_event_is_sent_without_its_data(t: TestApp) {
    let receiver = Receiver::start().await;
    webhook_to(&t, &receiver, &["job.failed", "job.completed"]).await;
    let job = t.started().await;
    t.mark_failed(&job.id, for_good(&"x".repeat(50_000)), None)
        .await
        .unwrap();
    deliver(&t).await;
    let [message] = &receiver.received()[..] else {
        panic!()
    };
    assert!(message.body.len() <= 20_000, "{}", message.body.len());
    let data = &message.json()["data"];
    assert_eq!(
        (&data["job"]["status"], &data["event"]["data_omitted"]),
        (&json!("failed"), &json!(true))
    );
}

#[on_both]
async fn a_test_is_sent_at_once_and_counts_against_nothing(t: TestApp) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&t, &receiver, &["job.completed"]).await;
    t.pause_webhook(&webhook.id).await.unwrap();
    let sent = t.test_webhook(&webhook.id).await.unwrap();
    assert_eq!(
        (sent.state, sent.status_code, sent.event_id),
        (DeliveryState::Delivered, Some(204), None)
    );
    receiver.answer(super::receiver::Reply::status(500));
    let sent = t.test_webhook(&webhook.id).await.unwrap();
    assert_eq!(sent.state, DeliveryState::Failed);
    assert_eq!(sent.error.as_deref(), Some("The endpoint answered 500."));
    assert_eq!(sent.response.as_deref(), Some("ok"));
    assert_eq!(receiver.kinds(), ["webhook.test", "webhook.test"]);
    let ids: Vec<_> = receiver
        .received()
        .iter()
        .map(|m| m.id().to_owned())
        .collect();
    assert_ne!(ids[0], ids[1]);
    let row = t.get_webhook(&webhook.id).await.unwrap().row;
    assert_eq!(row.failing_since, None);
}

#[on_both]
async fn deliveries_are_kept_for_thirty_days(t: TestApp) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&t, &receiver, &["job.completed"]).await;
    t.job_in(JobStatus::Completed).await;
    deliver(&t).await;
    t.clock.advance(TimeDelta::days(29));
    t.job_in(JobStatus::Completed).await;
    assert_eq!(t.prune_webhook_deliveries().await.unwrap(), 0);
    deliver(&t).await;
    t.clock.advance(TimeDelta::days(2));
    assert_eq!(t.prune_webhook_deliveries().await.unwrap(), 1);
    assert_eq!(deliveries(&t, &webhook.id).await.len(), 1);
    t.delete_webhook(&webhook.id).await.unwrap();
    let left = entity::webhook_delivery::Entity::find()
        .count(t.database().read())
        .await;
    assert_eq!(left.unwrap(), 0, "deliveries go with their webhook");
}

#[on_both]
async fn without_kinds_a_webhook_is_sent_the_ends_of_jobs(t: TestApp) {
    let receiver = Receiver::start().await;
    allow_loopback(&t, Duration::from_secs(60));
    let new = NewWebhook {
        url: receiver.url.clone(),
        ..NewWebhook::default()
    };
    t.create_webhook(new).await.unwrap();
    for status in [
        JobStatus::Completed,
        JobStatus::Failed,
        JobStatus::Cancelled,
    ] {
        t.job_in(status).await;
    }
    deliver(&t).await;
    let mut kinds = receiver.kinds();
    kinds.sort();
    assert_eq!(kinds, ["job.cancelled", "job.completed", "job.failed"]);
}
