//! Outcomes of many attempts in one call.

use super::endings::{DONE, by, held, outcome};
use crate::support::{TestApp, any_job, code_of, for_now, pointers, refusal};
use callsheet::jobs::{AttemptReport, Ending, ItemReport, NewItem, NewJob};
use chrono::TimeDelta;
use entity::{ItemStatus, JobStatus};
use serde_json::json;

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
