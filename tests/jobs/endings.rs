//! How an attempt under a lease ends: by its token alone, once, and the same when it is said again.

use crate::support::{TestApp, any_job, code_of, for_good, for_now, pointers, refusal};
use callsheet::jobs::{AttemptReport, Ending, Guard, ItemReport, NewItem, NewJob, Progress};
use chrono::TimeDelta;
use entity::{ItemStatus, JobStatus};
use serde_json::json;

async fn held(t: &TestApp) -> (String, String) {
    let id = t.queued().await.id;
    let job = t.claimed("w").await.job;
    assert_eq!(job.id, id);
    (id, job.lease_token.unwrap())
}

fn by(token: &str) -> Guard {
    Guard::lease(token)
}

fn outcome(id: &str, token: &str, ending: Ending) -> AttemptReport {
    AttemptReport {
        job_id: id.into(),
        lease_token: Some(token.into()),
        ending,
    }
}

const DONE: Ending = Ending::Completed { result: None };

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
async fn a_job_that_waits_for_its_next_attempt_is_cancelled_at_once_and_comes_back_at_once(
    t: TestApp,
) {
    let (id, token) = held(&t).await;
    let wait = callsheet::jobs::Failure {
        retry_after_seconds: Some(3600),
        ..for_now("busy")
    };
    t.mark_failed(&id, wait.clone(), by(&token)).await.unwrap();
    let job = t.cancel_job(&id, None, None).await.unwrap();
    assert_eq!(
        (job.status, job.completed_at),
        (JobStatus::Cancelled, Some(t.now()))
    );
    t.refused(&id, "lease_lost", t.mark_failed(&id, wait, by(&token)))
        .await;
    t.refused(&id, "job_transition_illegal", t.cancel_job(&id, None, None))
        .await;
    assert!(
        t.claim_jobs(crate::support::claim("w"))
            .await
            .unwrap()
            .is_empty()
    );
    let job = t.retry_job(&id, None).await.unwrap();
    assert_eq!(
        (job.status, job.run_at, job.attempt),
        (JobStatus::Queued, None, 1),
        "the hour is not waited for"
    );
    let again = t.claimed("w").await.job;
    assert_eq!((again.id.as_str(), again.attempt), (id.as_str(), 2));
    let whole = t.whole(&id).await;
    assert_eq!(
        whole.kinds(),
        [
            "created",
            "started",
            "retry_scheduled",
            "cancelled",
            "retried",
            "started"
        ]
    );
    whole.assert_history_is_whole();
}

#[on_both]
async fn a_release_gives_the_attempt_back_and_keeps_what_is_done(t: TestApp) {
    let items = ["a", "b"].map(|key| NewItem {
        key: key.into(),
        input: None,
    });
    let id = t
        .create(NewJob {
            items: items.into(),
            ..any_job()
        })
        .await
        .id;
    let token = t.claimed("w").await.job.lease_token.unwrap();
    let done = ItemReport {
        key: Some("a".into()),
        idx: None,
        status: ItemStatus::Completed,
        result: None,
        error: None,
    };
    t.report_items(&id, vec![done], by(&token)).await.unwrap();
    let job = t.release_job(&id, by(&token)).await.unwrap();
    assert_eq!(
        (
            job.status,
            job.attempt,
            job.progress,
            job.worker_id.as_deref()
        ),
        (JobStatus::Queued, 0, 50.0, None)
    );
    assert_eq!(
        (&job.lease_token, job.lease_expires_at, job.run_at),
        (&None, None, None)
    );
    assert_eq!(
        t.release_job(&id, by(&token)).await.unwrap(),
        job,
        "said again"
    );
    let whole = t.whole(&id).await;
    assert_eq!(
        whole.kinds(),
        ["created", "started", "items_reported", "released"]
    );
    assert_eq!(
        whole.events[3].data,
        Some(json!({"attempt": 1, "worker_id": "w"}))
    );
    whole.assert_history_is_whole();
    let next = t.claimed("w2").await;
    assert_eq!(
        (next.job.attempt, next.items[0].status),
        (1, ItemStatus::Completed)
    );
}

#[on_both]
async fn a_job_that_is_not_wanted_ends_as_its_worker_says(t: TestApp) {
    for (ending, status) in [
        (DONE, JobStatus::Completed),
        (Ending::Failed(for_now("stopped")), JobStatus::Cancelled),
        (Ending::Released, JobStatus::Cancelled),
    ] {
        let (id, token) = held(&t).await;
        t.cancel_job(&id, None, None).await.unwrap();
        let outcomes = vec![outcome(&id, &token, ending)];
        let answer = t
            .report_outcomes(outcomes.clone())
            .await
            .unwrap()
            .remove(0)
            .1
            .unwrap();
        assert_eq!((answer.status, answer.cancel_requested_at), (status, None));
        let before = t.whole(&id).await;
        before.assert_history_is_whole();
        t.report_outcomes(outcomes)
            .await
            .unwrap()
            .remove(0)
            .1
            .unwrap();
        assert_eq!(t.whole(&id).await, before);
    }
}

#[on_both]
async fn each_outcome_of_a_call_is_taken_or_refused_by_itself(t: TestApp) {
    let (done, done_token) = held(&t).await;
    let (failed, failed_token) = held(&t).await;
    let (lost, _) = held(&t).await;
    let queued = t.queued().await.id;
    let before = (t.whole(&lost).await, t.whole(&queued).await);
    let now = t.clock.advance(TimeDelta::seconds(4));
    let result = json!({"video_path": "/a.mp4", "list": [1, 2.5, "é\"\\", null]});
    let outcomes = vec![
        outcome(
            &done,
            &done_token,
            Ending::Completed {
                result: result.as_object().cloned(),
            },
        ),
        outcome(&done, &done_token, DONE),
        outcome(&done, &done_token, Ending::Released),
        outcome("nobody", "x", DONE),
        outcome("nul\0", "x", DONE),
        outcome(&failed, &failed_token, Ending::Failed(for_now("busy"))),
        outcome(&lost, "x", DONE),
        AttemptReport {
            lease_token: None,
            ..outcome(&queued, "", DONE)
        },
    ];
    let answers = t.report_outcomes(outcomes).await.unwrap();
    let codes: Vec<_> = answers
        .iter()
        .map(|(_, outcome)| code_of(outcome))
        .collect();
    let expected = [
        "ok",
        "ok",
        "lease_lost",
        "job_not_found",
        "job_not_found",
        "ok",
        "lease_lost",
        "job_transition_illegal",
    ];
    assert_eq!(codes, expected);
    let whole = t.whole(&done).await;
    let job = whole.job.as_ref().unwrap();
    assert_eq!(
        (job.status, &job.result_data, job.completed_at),
        (JobStatus::Completed, &Some(result), Some(now))
    );
    assert_eq!((job.progress, job.content.as_deref()), (100.0, None));
    assert_eq!(whole.kinds(), ["created", "started", "completed"]);
    assert_eq!(whole.events[2].seconds, Some(4.0));
    whole.assert_history_is_whole();
    let whole = t.whole(&failed).await;
    assert_eq!(whole.kinds(), ["created", "started", "retry_scheduled"]);
    whole.assert_history_is_whole();
    assert_eq!((t.whole(&lost).await, t.whole(&queued).await), before);
}

#[on_both]
async fn an_outcome_leaves_what_it_does_not_speak_of_and_skips_open_items(t: TestApp) {
    let items = ["a", "b", "c"].map(|key| NewItem {
        key: key.into(),
        input: Some(json!({"p": key})),
    });
    let new = NewJob {
        content: Some("A fox".into()),
        context: json!({"x": 1}).as_object().cloned(),
        request_data: json!({"idea": "A fox"}).as_object().cloned(),
        labels: [("team".into(), "red".into())].into(),
        user_requirement: Some("short".into()),
        items: items.into(),
        ..any_job()
    };
    let twin = new.clone();
    let (one, other) = (t.create(new).await, t.create(twin).await);
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let job = t.claimed("w").await.job;
        let report = |key: &str, status| ItemReport {
            key: Some(key.into()),
            idx: None,
            status,
            result: Some(json!({"of": key})),
            error: None,
        };
        let reports = vec![
            report("a", ItemStatus::Completed),
            report("b", ItemStatus::Failed),
        ];
        t.report_items(&job.id, reports, by(job.lease_token.as_ref().unwrap()))
            .await
            .unwrap();
        tokens.push(job.lease_token.unwrap());
    }
    t.report_outcomes(vec![outcome(&one.id, &tokens[0], DONE)])
        .await
        .unwrap()
        .remove(0)
        .1
        .unwrap();
    t.mark_completed(&other.id, None, by(&tokens[1]))
        .await
        .unwrap();
    let (mut many, mut single) = (t.whole(&one.id).await, t.whole(&other.id).await);
    for whole in [&mut many, &mut single] {
        whole.assert_history_is_whole();
        let job = whole.job.as_mut().unwrap();
        assert_eq!((job.total_shots, job.completed_shots), (3, 2));
        (job.id, job.working_dir, job.last_lease_token) = Default::default();
        whole
            .items
            .iter_mut()
            .for_each(|item| item.job_id = String::new());
        whole
            .events
            .iter_mut()
            .for_each(|event| (event.id, event.job_id) = Default::default());
    }
    assert_eq!(many, single, "an outcome is what mark_completed is");
    assert_eq!(
        many.items
            .iter()
            .map(|item| item.status)
            .collect::<Vec<_>>(),
        [
            ItemStatus::Completed,
            ItemStatus::Failed,
            ItemStatus::Skipped
        ]
    );
}

#[on_both]
async fn a_call_reports_1_to_1000_outcomes(t: TestApp) {
    let many = |n| {
        (0..n)
            .map(|i| outcome(&format!("j{i}"), "x", DONE))
            .collect::<Vec<_>>()
    };
    for n in [0, 1001] {
        let error = refusal(t.report_outcomes(many(n)).await, "invalid_request");
        assert_eq!(pointers(&error), ["/outcomes out_of_range"]);
    }
    let answers = t.report_outcomes(many(1000)).await.unwrap();
    assert!(
        answers
            .iter()
            .all(|(_, outcome)| code_of(outcome) == "job_not_found")
    );
    let week = 7 * 24 * 60 * 60;
    let failure = callsheet::jobs::Failure {
        retry_after_seconds: Some(week + 1),
        ..for_now("a\0")
    };
    let error = refusal(
        t.report_outcomes(vec![outcome("a", "x", Ending::Failed(failure))])
            .await,
        "invalid_request",
    );
    assert_eq!(
        pointers(&error),
        [
            "/outcomes/0/error nul_character",
            "/outcomes/0/retry_after_seconds out_of_range"
        ]
    );
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
