//! `schedule.skipped`: times of schedules that get no job.

use super::{deliver, deliveries, receiver::Receiver, webhook_to};
use crate::{
    jobs::schedules::every,
    support::{TestApp, any_job, at_once},
};
use callsheet::jobs::{JobManager, NewJob, NewSchedule, WebhookPatch};
use chrono::TimeDelta;
use entity::schedule::{Missed, Overlap};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn overlapping(id: &str) -> NewSchedule {
    NewSchedule {
        overlap: Some(Overlap::Skip),
        ..every(id, "1h")
    }
}

fn skipped(receiver: &Receiver) -> Vec<Value> {
    let received = receiver.received();
    received
        .iter()
        .map(|message| message.json()["data"].clone())
        .collect()
}

#[on_both]
async fn a_time_whose_last_job_has_not_ended_is_sent(t: TestApp) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&t, &receiver, &["schedule.skipped"]).await;
    let other = webhook_to(&t, &receiver, &["job.completed"]).await;
    t.create_schedule(overlapping("nightly")).await.unwrap();
    t.clock.advance(TimeDelta::hours(1));
    t.fire_schedules().await.unwrap();
    deliver(&t).await;
    assert_eq!(receiver.received().len(), 0, "it got a job");
    t.clock.advance(TimeDelta::hours(1));
    t.fire_schedules().await.unwrap();
    deliver(&t).await;
    let [data] = &skipped(&receiver)[..] else {
        panic!()
    };
    assert_eq!(
        data["skipped"],
        json!({
            "times": 1, "last_at": "2026-01-01T02:00:00.000000Z", "reason": "overlap",
            "error": null,
        })
    );
    assert_eq!(
        [
            &data["schedule"]["schedule_id"],
            &data["schedule"]["job_type"],
            &data["schedule"]["skipped"],
            &data["schedule"]["next_at"],
        ],
        [
            &json!("nightly"),
            &json!(any_job().job_type),
            &json!(1),
            &json!("2026-01-01T03:00:00.000000Z"),
        ]
    );
    let message = receiver.received().remove(0);
    assert!(message.is_signed_by(&webhook.secret));
    assert_eq!(message.json()["type"], "schedule.skipped");
    let row = deliveries(&t, &webhook.id).await.remove(0);
    assert_eq!(message.id(), format!("skipped_{}_{}", webhook.id, row.id));
    assert_eq!((row.job_id, row.event_id), (None, None));
    assert_eq!(deliveries(&t, &other.id).await.len(), 0);
}

#[on_both]
async fn missed_times_are_one_message_and_a_job_that_fails_says_why(t: TestApp) {
    let receiver = Receiver::start().await;
    webhook_to(&t, &receiver, &["schedule.skipped"]).await;
    let missed = NewSchedule {
        missed: Some(Missed::Last),
        ..every("missed", "1h")
    };
    t.create_schedule(missed).await.unwrap();
    t.clock.advance(TimeDelta::hours(5));
    t.fire_schedules().await.unwrap();
    deliver(&t).await;
    let data = skipped(&receiver).remove(0);
    assert_eq!(
        (&data["skipped"]["times"], &data["skipped"]["reason"]),
        (&json!(4), &json!("missed"))
    );
    t.delete_schedule("missed").await.unwrap();
    let series = t.series("Faro").await;
    let failing = NewSchedule {
        template: NewJob {
            series_id: Some(series.clone()),
            ..any_job()
        },
        ..every("failing", "1h")
    };
    t.create_schedule(failing).await.unwrap();
    t.delete_series(&series).await.unwrap();
    t.clock.advance(TimeDelta::hours(1));
    t.fire_schedules().await.unwrap();
    deliver(&t).await;
    let data = skipped(&receiver).remove(1);
    assert_eq!(data["skipped"]["reason"], "failed");
    let error = t.get_schedule("failing").await.unwrap().error.unwrap();
    assert_eq!(data["skipped"]["error"], error);
}

#[on_both]
async fn a_webhook_is_sent_skips_of_its_types_and_labels_once_by_all_servers(t: TestApp) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&t, &receiver, &["schedule.skipped"]).await;
    let patch = WebhookPatch {
        labels: Some(BTreeMap::from([("schedule".into(), "mine".into())])),
        ..WebhookPatch::default()
    };
    t.update_webhook(&webhook.id, patch).await.unwrap();
    for id in ["mine", "other"] {
        t.create_schedule(overlapping(id)).await.unwrap();
    }
    let other = t.another().await;
    let servers: Vec<JobManager> = vec![JobManager::clone(&t), other.clone()];
    for _ in 0..4 {
        t.clock.advance(TimeDelta::hours(1));
        at_once(servers.clone().into_iter().map(|server| async move {
            server.fire_schedules().await.unwrap();
        }))
        .await;
    }
    deliver(&t).await;
    let sent = skipped(&receiver);
    assert_eq!(sent.len(), 3);
    assert!(
        sent.iter()
            .all(|data| data["schedule"]["schedule_id"] == "mine")
    );
    assert_eq!(t.get_schedule("mine").await.unwrap().skipped, 3);
    other.database().clone().close().await.unwrap();
}
