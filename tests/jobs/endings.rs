//! How an attempt under a lease ends: by its token alone, once, and the same when it is said again.

use crate::support::{TestApp, for_good, for_now, pointers};
use callsheet::jobs::{AttemptReport, Ending, Guard, ItemReport, Progress};
use chrono::TimeDelta;
use entity::ItemStatus;
use serde_json::json;

pub async fn held(t: &TestApp) -> (String, String) {
    let id = t.queued().await.id;
    let job = t.claimed("w").await.job;
    assert_eq!(job.id, id);
    (id, job.lease_token.unwrap())
}

pub fn by(token: &str) -> Guard {
    Guard::lease(token)
}

pub fn outcome(id: &str, token: &str, ending: Ending) -> AttemptReport {
    AttemptReport {
        job_id: id.into(),
        lease_token: Some(token.into()),
        ending,
    }
}

pub const DONE: Ending = Ending::Completed { result: None };

#[on_both]
async fn only_the_token_of_the_lease_reports(t: TestApp) {
    let (id, token) = held(&t).await;
    let progress = || Progress {
        progress: Some(5.0),
        current_stage: None,
    };
    let item = || {
        vec![ItemReport {
            key: Some("a".into()),
            idx: None,
            status: ItemStatus::Completed,
            result: None,
            error: None,
        }]
    };
    t.update_progress(&id, progress(), by(&token))
        .await
        .unwrap();
    t.update_shots(&id, Some(2), None, by(&token))
        .await
        .unwrap();
    t.report_items(&id, item(), by(&token)).await.unwrap();
    for wrong in [Guard::default(), by("another"), by("")] {
        t.refused(
            &id,
            "lease_lost",
            t.update_progress(&id, progress(), wrong.clone()),
        )
        .await;
        t.refused(
            &id,
            "lease_lost",
            t.update_shots(&id, Some(3), None, wrong.clone()),
        )
        .await;
        t.refused(
            &id,
            "lease_lost",
            t.report_items(&id, item(), wrong.clone()),
        )
        .await;
        t.refused(
            &id,
            "lease_lost",
            t.mark_completed(&id, None, wrong.clone()),
        )
        .await;
        t.refused(
            &id,
            "lease_lost",
            t.mark_failed(&id, for_now("busy"), wrong.clone()),
        )
        .await;
        t.refused(&id, "lease_lost", t.release_job(&id, wrong))
            .await;
    }
    t.mark_completed(&id, None, by(&token)).await.unwrap();
    t.refused(
        &id,
        "lease_lost",
        t.update_progress(&id, progress(), by(&token)),
    )
    .await;
    t.refused(&id, "lease_lost", t.report_items(&id, item(), by(&token)))
        .await;
    let unleased = t.started().await.id;
    t.refused(
        &unleased,
        "lease_lost",
        t.mark_completed(&unleased, None, by(&token)),
    )
    .await;
    t.mark_completed(&unleased, None, None).await.unwrap();
}

#[on_both]
async fn an_ending_that_is_said_again_changes_nothing(t: TestApp) {
    let (id, token) = held(&t).await;
    let result = json!({"video_path": "/a.mp4"}).as_object().cloned();
    let first = t
        .mark_completed(&id, result.clone(), by(&token))
        .await
        .unwrap();
    let before = t.whole(&id).await;
    t.clock.advance(TimeDelta::seconds(1));
    assert_eq!(
        t.mark_completed(&id, result, by(&token)).await.unwrap(),
        first
    );
    assert_eq!(t.whole(&id).await, before);
    t.refused(
        &id,
        "lease_lost",
        t.mark_failed(&id, for_now("no"), by(&token)),
    )
    .await;
    t.refused(&id, "lease_lost", t.release_job(&id, by(&token)))
        .await;
    t.refused(
        &id,
        "job_transition_illegal",
        t.mark_completed(&id, None, None),
    )
    .await;

    for failure in [for_now("busy"), for_good("broken")] {
        let (id, token) = held(&t).await;
        let first = t
            .mark_failed(&id, failure.clone(), by(&token))
            .await
            .unwrap();
        let before = t.whole(&id).await;
        t.clock.advance(TimeDelta::seconds(1));
        assert_eq!(
            t.mark_failed(&id, failure, by(&token)).await.unwrap(),
            first
        );
        assert_eq!(t.whole(&id).await, before);
        t.refused(&id, "lease_lost", t.mark_completed(&id, None, by(&token)))
            .await;
        t.cancel_job(&id, None, None).await.ok();
    }
}

#[on_both]
async fn a_report_of_an_earlier_attempt_comes_too_late(t: TestApp) {
    let (id, first) = held(&t).await;
    t.mark_failed(&id, for_now("busy"), by(&first))
        .await
        .unwrap();
    t.clock.advance(TimeDelta::seconds(5));
    let second = t.claimed("w2").await.job.lease_token.unwrap();
    t.refused(
        &id,
        "lease_lost",
        t.mark_failed(&id, for_now("busy"), by(&first)),
    )
    .await;
    t.refused(&id, "lease_lost", t.mark_completed(&id, None, by(&first)))
        .await;
    t.mark_completed(&id, None, by(&second)).await.unwrap();
    t.refused(&id, "lease_lost", t.mark_completed(&id, None, by(&first)))
        .await;
}

#[on_both]
async fn a_start_may_take_a_lease(t: TestApp) {
    let id = t.queued().await.id;
    let job = t
        .start_job_leased(&id, Some("me".into()), 30, None)
        .await
        .unwrap();
    assert_eq!(job.lease_expires_at, Some(t.now() + TimeDelta::seconds(30)));
    t.refused(&id, "lease_lost", t.mark_completed(&id, None, None))
        .await;
    t.mark_completed(&id, None, by(&job.lease_token.unwrap()))
        .await
        .unwrap();
    let id = t.queued().await.id;
    for seconds in [0, 86_401] {
        let error = t
            .refused(
                &id,
                "invalid_request",
                t.start_job_leased(&id, None, seconds, None),
            )
            .await;
        assert_eq!(pointers(&error), ["/lease_seconds out_of_range"]);
    }
}
