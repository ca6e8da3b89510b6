//! URLs that jobs name for their own messages.

use super::{
    allow_loopback, deliver, deliveries,
    receiver::{Receiver, Reply},
};
use crate::{
    retention::{archive_all, store},
    support::{TestApp, any_job, at_once, for_good, pointers, refusal},
};
use callsheet::{
    jobs::{
        Binding, ItemReport, JobManager, NewItem, NewJob, NewJobWebhook, Principal, WebhookPatch,
    },
    lifecycle::secret_of,
};
use chrono::TimeDelta;
use entity::{ItemStatus, job, webhook, webhook_delivery::DeliveryState};
use sea_orm::{EntityTrait, PaginatorTrait};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

const JOBS: &str = webhook::JOBS;

fn to(url: &str) -> NewJob {
    NewJob {
        webhook: Some(NewJobWebhook {
            url: url.to_owned(),
            kinds: None,
        }),
        ..any_job()
    }
}

fn with_kinds(url: &str, kinds: &[&str]) -> NewJob {
    NewJob {
        webhook: Some(NewJobWebhook {
            url: url.to_owned(),
            kinds: Some(kinds.iter().map(|kind| (*kind).to_owned()).collect()),
        }),
        ..any_job()
    }
}

fn allow(t: &TestApp) {
    allow_loopback(t, Duration::from_secs(60));
}

async fn completed(t: &TestApp, new: NewJob) -> job::Model {
    let job = t.create(new).await;
    t.start(&job.id).await;
    t.mark_completed(&job.id, None, None).await.unwrap()
}

fn ids(receiver: &Receiver) -> Vec<String> {
    let received = receiver.received();
    let id = |m: &super::receiver::Received| {
        let job = &m.json()["data"]["job"]["job_id"];
        job.as_str().unwrap().to_owned()
    };
    let mut ids: Vec<String> = received.iter().map(id).collect();
    ids.sort();
    ids
}

#[on_both]
async fn a_job_is_sent_to_the_url_that_it_names_and_no_other_job_is(t: TestApp) {
    allow(&t);
    let (receiver, other) = (Receiver::start().await, Receiver::start().await);
    completed(&t, any_job()).await;
    let job = completed(&t, to(&receiver.url)).await;
    let created = completed(&t, with_kinds(&other.url, &["job.created"])).await;
    deliver(&t).await;
    let [message] = &receiver.received()[..] else {
        panic!("{:?}", receiver.received())
    };
    let secret = t.get_webhook_secret().await.unwrap();
    assert!(message.is_signed_by(&secret));
    let body = message.json();
    assert_eq!(body["type"], "job.completed");
    assert_eq!(body["data"]["job"]["job_id"], job.id);
    assert_eq!(other.kinds(), ["job.created"]);
    assert_eq!(ids(&other), [created.id]);
    let rows = deliveries(&t, JOBS).await;
    assert!(rows.iter().all(|row| row.state == DeliveryState::Delivered));
    let of_job = t.list_webhook_deliveries(JOBS, Some(&job.id), None, 10);
    let (of_job, _) = of_job.await.unwrap();
    assert_eq!(of_job.len(), 1);
    assert_eq!(of_job[0].url.as_deref(), Some(&*receiver.url));
    let position = of_job[0].event_id.unwrap();
    assert_eq!(message.id(), format!("evt_jobs_{position}"));
    deliver(&t).await;
    assert_eq!(receiver.received().len(), 1, "once");
}

#[on_both]
async fn a_retried_job_goes_on_sending_and_the_job_of_its_failed_items_too(t: TestApp) {
    allow(&t);
    let receiver = Receiver::start().await;
    let kinds = ["job.failed", "job.completed", "job.started"];
    let items = vec![NewItem {
        key: "a".into(),
        input: None,
    }];
    let new = NewJob {
        items,
        max_attempts: Some(1),
        ..with_kinds(&receiver.url, &kinds)
    };
    let job = t.create(new).await;
    t.start(&job.id).await;
    let report = ItemReport {
        key: Some("a".into()),
        idx: None,
        status: ItemStatus::Failed,
        result: None,
        error: Some("broken".into()),
    };
    t.report_items(&job.id, vec![report], None).await.unwrap();
    t.mark_failed(&job.id, for_good("broken"), None)
        .await
        .unwrap();
    t.retry_failed_items(&job.id, None).await.unwrap();
    t.retry_job(&job.id, None).await.unwrap();
    t.start(&job.id).await;
    deliver(&t).await;
    let mut sent = receiver.kinds();
    sent.sort();
    assert_eq!(sent, ["job.failed", "job.started", "job.started"]);
    let rest = t
        .claim_jobs(crate::support::claim("w"))
        .await
        .unwrap()
        .pop();
    deliver(&t).await;
    let id = rest.unwrap().job.id;
    assert!(
        ids(&receiver).contains(&id),
        "the new job names the URL too"
    );
}

#[on_both]
async fn a_url_is_refused_as_that_of_a_webhook_is_and_named(t: TestApp) {
    let inward = "https://10.1.2.3/hook";
    for (new, places) in [
        (to(inward), ["/webhook/url url_refused"]),
        (to("http://example.com/"), ["/webhook/url url_refused"]),
        (to("https://a@example.com/"), ["/webhook/url url_refused"]),
        (
            with_kinds("https://example.com/", &[]),
            ["/webhook/kinds too_few"],
        ),
        (
            with_kinds("https://example.com/", &["schedule.skipped"]),
            ["/webhook/kinds/0 unknown_kind"],
        ),
    ] {
        let error = refusal(t.create_job(new, None).await.map(|_| ()), "invalid_request");
        assert_eq!(pointers(&error), places);
    }
    let many = vec![any_job(), to(inward)];
    let error = refusal(
        t.create_jobs(many, None).await.map(|_| ()),
        "invalid_request",
    );
    assert_eq!(pointers(&error), ["/jobs/1/webhook/url url_refused"]);
    let schedule = callsheet::jobs::NewSchedule {
        template: to(inward),
        ..crate::jobs::schedules::every("s", "1h")
    };
    let error = refusal(t.create_schedule(schedule).await, "invalid_request");
    assert_eq!(pointers(&error), ["/template/webhook/url url_refused"]);
    let rows = webhook::Entity::find().count(t.database().read()).await;
    assert_eq!(rows.unwrap(), 0, "nothing is followed for what was refused");
}

#[on_both]
async fn jobs_of_a_batch_and_of_a_schedule_name_urls_too(t: TestApp) {
    allow(&t);
    let receiver = Receiver::start().await;
    let kinds = ["job.created"];
    let many = (0..3).map(|_| with_kinds(&receiver.url, &kinds)).collect();
    t.create_jobs(many, None).await.unwrap();
    let schedule = callsheet::jobs::NewSchedule {
        template: with_kinds(&receiver.url, &kinds),
        ..crate::jobs::schedules::every("s", "1h")
    };
    t.create_schedule(schedule).await.unwrap();
    t.clock.advance(TimeDelta::hours(1));
    t.fire_schedules().await.unwrap();
    deliver(&t).await;
    assert_eq!(receiver.received().len(), 4);
    assert!(ids(&receiver).iter().any(|id| id.starts_with("s.2026")));
}

#[on_both]
async fn many_urls_share_one_position_in_the_history(t: TestApp) {
    for i in 0..300 {
        t.create(to(&format!("https://host-{i}.example/films?job={i}")))
            .await;
    }
    let rows = webhook::Entity::find()
        .all(t.database().read())
        .await
        .unwrap();
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((&*row.id, &row.url), (JOBS, &None));
}

#[on_both]
async fn an_endpoint_that_is_away_holds_up_no_other_and_each_message_ends(t: TestApp) {
    allow(&t);
    let (away, well) = (Receiver::start().await, Receiver::start().await);
    away.answer(Reply::status(503));
    for _ in 0..20 {
        completed(&t, to(&away.url)).await;
    }
    completed(&t, to(&well.url)).await;
    deliver(&t).await;
    assert_eq!(away.received().len(), 8, "then others have their turn");
    assert_eq!(well.received().len(), 1);
    for _ in 0..40 {
        t.clock.advance(TimeDelta::hours(30));
        deliver(&t).await;
        completed(&t, to(&well.url)).await;
    }
    deliver(&t).await;
    assert_eq!(well.received().len(), 41);
    let rows = deliveries(&t, JOBS).await;
    let failed: Vec<_> = rows
        .iter()
        .filter(|row| row.state == DeliveryState::Failed)
        .collect();
    assert_eq!(failed.len(), 20);
    assert!(
        failed
            .iter()
            .all(|row| row.attempt == 10 && row.next_at.is_none())
    );
    let row = t.get_webhook(JOBS).await.unwrap().row;
    assert_eq!(row.state, webhook::WebhookState::Active);
    away.answer(Reply::status(204));
    t.retry_webhook_delivery(failed[0].id).await.unwrap();
    deliver(&t).await;
    let again = deliveries(&t, JOBS).await;
    let again = again.iter().find(|row| row.id == failed[0].id).unwrap();
    assert_eq!((again.state, again.attempt), (DeliveryState::Delivered, 1));
}

#[on_both]
async fn an_endpoint_that_is_gone_gets_no_second_attempt(t: TestApp) {
    allow(&t);
    let receiver = Receiver::start().await;
    receiver.answer_once(Reply::status(410));
    completed(&t, to(&receiver.url)).await;
    deliver(&t).await;
    completed(&t, to(&receiver.url)).await;
    t.clock.advance(TimeDelta::days(1));
    deliver(&t).await;
    let states: Vec<_> = deliveries(&t, JOBS)
        .await
        .iter()
        .map(|row| row.state)
        .collect();
    assert_eq!(states, [DeliveryState::Failed, DeliveryState::Delivered]);
}

#[on_both]
async fn messages_of_deleted_and_archived_jobs_are_sent_and_a_restore_repeats_none(t: TestApp) {
    allow(&t);
    let receiver = Receiver::start().await;
    let deleted = completed(&t, to(&receiver.url)).await;
    t.delete_job(&deleted.id, None).await.unwrap();
    let archived = completed(&t, to(&receiver.url)).await;
    deliver(&t).await;
    assert_eq!(receiver.received().len(), 2);
    let folder = store();
    archive_all(&t, &folder);
    t.clock.advance(TimeDelta::days(2));
    t.roll_up_stats().await.unwrap();
    let run = t.run_retention().await.unwrap();
    assert_eq!(run.archived, 1);
    t.clock.advance(TimeDelta::days(40));
    t.prune_webhook_deliveries().await.unwrap();
    assert_eq!(deliveries(&t, JOBS).await.len(), 0);
    let restored = t.restore_job(&archived.id).await.unwrap();
    assert_eq!(restored.webhook, archived.webhook);
    deliver(&t).await;
    assert_eq!(receiver.received().len(), 2, "nothing again");
    t.delete_job(&archived.id, None).await.unwrap();
    deliver(&t).await;
    assert_eq!(receiver.received().len(), 2, "nothing again");
}

#[on_both]
async fn keys_that_are_bound_have_a_secret_of_their_own(t: TestApp) {
    allow(&t);
    let receiver = Receiver::start().await;
    let bound = |team: &str| {
        let labels = BTreeMap::from([("team".to_owned(), team.to_owned())]);
        t.acting(Arc::new(Principal {
            key_id: Some("k3x9a2m7".into()),
            binding: Binding::new([], labels),
            ..Principal::anyone()
        }))
    };
    let (red, blue) = (bound("red"), bound("blue"));
    let new = with_kinds(&receiver.url, &["job.created"]);
    red.create_job(new, None).await.unwrap();
    deliver(&t).await;
    let message = receiver.received().remove(0);
    let secret = |jobs: JobManager| async move { jobs.get_webhook_secret().await.unwrap() };
    let (of_red, of_blue) = (secret(red.clone()).await, secret(blue).await);
    let of_all = secret(JobManager::clone(&t)).await;
    assert!(message.is_signed_by(&of_red));
    assert!(!message.is_signed_by(&of_blue) && !message.is_signed_by(&of_all));
    assert_ne!(secret_of(&of_blue, None), secret_of(&of_red, None));
    let rotated = t.rotate_webhook_secret(JOBS).await.unwrap();
    assert_eq!(rotated.secret, secret(JobManager::clone(&t)).await);
    // The stored secret, from which all are derived, is not shown even to the operator.
    let stored = t.database().webhook(JOBS).await.unwrap();
    assert_ne!(stored.secret, rotated.secret);
    red.create_job(with_kinds(&receiver.url, &["job.created"]), None)
        .await
        .unwrap();
    deliver(&t).await;
    let message = receiver.received().remove(1);
    assert!(message.is_signed_by(&of_red), "the former signs for a day");
    assert!(message.is_signed_by(&secret(red).await));
}

#[on_both]
async fn the_webhook_of_jobs_is_paused_but_has_no_url_of_its_own(t: TestApp) {
    refusal(t.get_webhook(JOBS).await, "webhook_not_found");
    allow(&t);
    let receiver = Receiver::start().await;
    completed(&t, to(&receiver.url)).await;
    t.pause_webhook(JOBS).await.unwrap();
    deliver(&t).await;
    assert_eq!(receiver.received().len(), 0);
    let patch = WebhookPatch {
        url: Some("https://example.com/".into()),
        ..WebhookPatch::default()
    };
    refusal(t.update_webhook(JOBS, patch).await, "webhook_of_jobs");
    refusal(t.test_webhook(JOBS).await, "webhook_of_jobs");
    refusal(t.delete_webhook(JOBS).await, "webhook_of_jobs");
    t.resume_webhook(JOBS).await.unwrap();
    deliver(&t).await;
    assert_eq!(receiver.received().len(), 1);
}

#[on_both]
async fn on_two_servers_each_message_of_a_job_is_sent_once(t: TestApp) {
    allow(&t);
    let receivers = [
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    ];
    let other = t.another().await;
    allow_loopback(&other, Duration::from_secs(60));
    let servers: Vec<JobManager> = vec![JobManager::clone(&t), other.clone()];
    for _ in 0..6 {
        for receiver in &receivers {
            for _ in 0..3 {
                completed(&t, to(&receiver.url)).await;
            }
        }
        let rounds = servers.clone().into_iter().map(|server| async move {
            // A server may find the other one at work; what that leaves comes next.
            let _ = server.deliver_webhooks().await;
            server.webhooks_sent().await;
        });
        at_once(rounds).await;
    }
    deliver(&t).await;
    for receiver in &receivers {
        let received = receiver.received();
        let ids: BTreeSet<_> = received.iter().map(|m| m.id()).collect();
        assert_eq!((received.len(), ids.len()), (18, 18));
    }
    other.database().clone().close().await.unwrap();
}
