//! heartbeat: a lease is kept, and what comes with it is taken as a whole.

use super::together::stalled;
use crate::support::{TestApp, any_job, claim, for_now, pointers};
use callsheet::jobs::{
    Claim, Guard, Heartbeat, HeartbeatReply, ItemReport, NewItem, NewJob, Progress,
};
use chrono::TimeDelta;
use entity::{ItemStatus, JobStatus};
use serde_json::json;

fn item(key: &str, status: ItemStatus) -> ItemReport {
    ItemReport {
        key: Some(key.into()),
        idx: None,
        status,
        result: None,
        error: None,
    }
}

/// A job with these items under a lease of a minute, and its token.
async fn held(t: &TestApp, keys: &[&str]) -> (String, String) {
    let items = keys
        .iter()
        .map(|key| NewItem {
            key: (*key).into(),
            input: None,
        })
        .collect();
    let id = t.create(NewJob { items, ..any_job() }).await.id;
    let job = t.claimed("w").await.job;
    assert_eq!(job.id, id);
    (id, job.lease_token.unwrap())
}

#[on_both]
async fn a_heartbeat_that_reports_nothing_is_no_step_of_the_version(t: TestApp) {
    let (id, token) = held(&t, &[]).await;
    let before = t.whole(&id).await;
    let now = t.clock.advance(TimeDelta::seconds(30));
    let beat = t
        .heartbeat(&id, &token, Heartbeat::default())
        .await
        .unwrap();
    let expires = now + TimeDelta::seconds(60);
    assert_eq!(
        beat,
        HeartbeatReply {
            lease_expires_at: expires,
            cancel_requested: false,
            version: 2
        }
    );
    let after = t.whole(&id).await;
    assert_eq!(after.events, before.events);
    let mut job = before.job.unwrap();
    job.lease_expires_at = Some(expires);
    job.last_heard_at = Some(now);
    assert_eq!(after.job, Some(job), "only the lease moved");
}

#[on_both]
async fn a_lease_ends_when_the_heartbeat_says_and_is_not_shortened_by_one_that_does_not(
    t: TestApp,
) {
    t.queued().await;
    let job = t
        .claim_jobs(Claim {
            lease_seconds: 600,
            ..claim("w")
        })
        .await
        .unwrap()
        .remove(0)
        .job;
    let token = job.lease_token.unwrap();
    let beat = |lease_seconds| {
        t.heartbeat(
            &job.id,
            &token,
            Heartbeat {
                lease_seconds,
                ..Default::default()
            },
        )
    };
    assert_eq!(
        beat(None).await.unwrap().lease_expires_at,
        job.lease_expires_at.unwrap()
    );
    assert_eq!(
        beat(Some(5)).await.unwrap().lease_expires_at,
        t.now() + TimeDelta::seconds(5)
    );
    assert_eq!(
        beat(Some(86_400)).await.unwrap().lease_expires_at,
        t.now() + TimeDelta::days(1)
    );
}

#[on_both]
async fn what_comes_with_a_heartbeat_is_one_event_and_its_log_another(t: TestApp) {
    let (id, token) = held(&t, &["a", "b"]).await;
    let beat = Heartbeat {
        progress: Progress {
            progress: None,
            current_stage: Some("Rendering".into()),
        },
        items: vec![item("a", ItemStatus::Completed)],
        log: vec!["a took 41 s".into(), "b next".into()],
        ..Default::default()
    };
    let answer = t.heartbeat(&id, &token, beat.clone()).await.unwrap();
    assert_eq!(answer.version, 4);
    let whole = t.whole(&id).await;
    let job = whole.job.as_ref().unwrap();
    assert_eq!(
        (
            job.completed_shots,
            job.progress,
            job.current_stage.as_deref()
        ),
        (1, 50.0, Some("Rendering"))
    );
    assert_eq!(
        whole.kinds(),
        ["created", "started", "items_reported", "logged"]
    );
    assert_eq!(
        whole.events[3].data,
        Some(json!({"lines": ["a took 41 s", "b next"]}))
    );
    whole.assert_history_is_whole();
    // Again: nothing but the log is new.
    t.heartbeat(
        &id,
        &token,
        Heartbeat {
            log: vec![],
            ..beat
        },
    )
    .await
    .unwrap();
    assert_eq!(t.whole(&id).await.events.len(), 4);
}

#[on_both]
async fn a_heartbeat_takes_progress_and_counts_of_shots(t: TestApp) {
    let (id, token) = held(&t, &[]).await;
    let shots = Heartbeat {
        total_shots: Some(8),
        completed_shots: Some(2),
        ..Default::default()
    };
    t.heartbeat(&id, &token, shots).await.unwrap();
    let progress = Progress {
        progress: Some(30.5),
        current_stage: None,
    };
    t.heartbeat(
        &id,
        &token,
        Heartbeat {
            progress,
            ..Default::default()
        },
    )
    .await
    .unwrap();
    let whole = t.whole(&id).await;
    let job = whole.job.as_ref().unwrap();
    assert_eq!(
        (job.total_shots, job.completed_shots, job.progress),
        (8, 2, 30.5)
    );
    assert_eq!(
        whole.kinds(),
        ["created", "started", "shots_updated", "progressed"]
    );
    let items = Heartbeat {
        items: vec![item("a", ItemStatus::Completed)],
        ..Default::default()
    };
    t.heartbeat(&id, &token, items).await.unwrap();
    let job = t.get_job(&id).await.unwrap();
    assert_eq!(
        (job.total_shots, job.completed_shots),
        (8, 1),
        "the first item begins the count"
    );
    // An attempt that takes on from there says again how many there will be.
    for (announced, total) in [(9, 9), (0, 1)] {
        let shots = Heartbeat {
            total_shots: Some(announced),
            ..Default::default()
        };
        t.heartbeat(&id, &token, shots).await.unwrap();
        let job = t.get_job(&id).await.unwrap();
        assert_eq!((job.total_shots, job.completed_shots), (total, 1));
    }
    let shots = Heartbeat {
        completed_shots: Some(2),
        ..Default::default()
    };
    t.refused(
        &id,
        "shots_counted_from_items",
        t.heartbeat(&id, &token, shots),
    )
    .await;
}

#[on_both]
async fn a_heartbeat_of_who_lost_the_lease_changes_nothing(t: TestApp) {
    let (id, token) = held(&t, &[]).await;
    let beat = || Heartbeat {
        progress: Progress {
            progress: Some(5.0),
            current_stage: None,
        },
        ..Default::default()
    };
    t.refused(&id, "lease_lost", t.heartbeat(&id, "another", beat()))
        .await;
    t.mark_completed(&id, None, Guard::lease(token.clone()))
        .await
        .unwrap();
    t.refused(&id, "lease_lost", t.heartbeat(&id, &token, beat()))
        .await;
    crate::support::refusal(
        t.heartbeat("unknown", &token, beat()).await,
        "job_not_found",
    );
    let unleased = t.started().await.id;
    t.refused(
        &unleased,
        "lease_lost",
        t.heartbeat(&unleased, &token, beat()),
    )
    .await;
}

#[on_both]
async fn a_lease_that_ran_out_is_kept_up_as_long_as_nobody_took_the_job(t: TestApp) {
    let (id, token) = held(&t, &[]).await;
    let now = t.clock.advance(TimeDelta::seconds(61));
    let beat = t
        .heartbeat(&id, &token, Heartbeat::default())
        .await
        .unwrap();
    assert_eq!(beat.lease_expires_at, now + TimeDelta::seconds(60));
    t.clock.advance(TimeDelta::seconds(60));
    assert_eq!(t.rescue_jobs().await.unwrap(), 1);
    t.refused(
        &id,
        "lease_lost",
        t.heartbeat(&id, &token, Heartbeat::default()),
    )
    .await;
}

#[on_both]
async fn a_heartbeat_tells_that_the_job_is_not_wanted(t: TestApp) {
    let (id, token) = held(&t, &[]).await;
    t.cancel_job(&id, None, None).await.unwrap();
    let beat = t
        .heartbeat(&id, &token, Heartbeat::default())
        .await
        .unwrap();
    assert_eq!((beat.cancel_requested, beat.version), (true, 3));
    let job = t
        .mark_failed(&id, for_now("cancelled"), Guard::lease(token))
        .await
        .unwrap();
    assert_eq!(
        (job.status, job.lease_token, job.cancel_requested_at),
        (JobStatus::Cancelled, None, None)
    );
}

#[on_both]
async fn a_heartbeat_says_all_that_is_wrong_with_it(t: TestApp) {
    let (id, token) = held(&t, &["a"]).await;
    let wrong = Heartbeat {
        lease_seconds: Some(0),
        progress: Progress {
            progress: Some(f64::NAN),
            current_stage: Some("s".repeat(256)),
        },
        total_shots: Some(1),
        completed_shots: Some(2),
        log: vec!["l".repeat(2001); 101],
        ..Default::default()
    };
    let error = t
        .refused(&id, "invalid_request", t.heartbeat(&id, &token, wrong))
        .await;
    let expected = [
        "/lease_seconds out_of_range",
        "/progress out_of_range",
        "/current_stage too_long",
        "/completed_shots exceeds_total",
        "/log too_many",
        "/log/0 too_long",
    ];
    assert_eq!(pointers(&error)[..6], expected);
    let twice = Heartbeat {
        items: vec![item("a", ItemStatus::Completed); 2],
        ..Default::default()
    };
    t.refused(&id, "item_conflict", t.heartbeat(&id, &token, twice))
        .await;
}

#[on_both]
async fn a_lease_is_counted_from_when_it_is_given_however_long_the_write_waited(t: TestApp) {
    let (id, token) = held(&t, &[]).await;
    let other = t.queued().await.id;
    let (raw, lock) = stalled(&t).await;
    let beat = {
        let (t, id) = (t.clone(), id.clone());
        let beat = Heartbeat {
            lease_seconds: Some(60),
            log: vec!["here".into()],
            ..Default::default()
        };
        tokio::spawn(async move { t.heartbeat(&id, &token, beat).await })
    };
    let start = {
        let (t, other) = (t.clone(), other.clone());
        tokio::spawn(async move { t.start_job_leased(&other, None, 60, None).await })
    };
    t.waits_for_writes(2).await;
    let now = t.clock.advance(TimeDelta::seconds(40));
    lock.rollback().await.unwrap();
    raw.close().await.unwrap();
    assert_eq!(
        beat.await.unwrap().unwrap().lease_expires_at,
        now + TimeDelta::seconds(60)
    );
    assert_eq!(t.get_job(&id).await.unwrap().updated_at, now);
    let started = start.await.unwrap().unwrap();
    assert_eq!(
        (started.lease_expires_at, started.updated_at),
        (Some(now + TimeDelta::seconds(60)), now)
    );
}
