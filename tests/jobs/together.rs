//! Writes that arrive together share a transaction, and none of them notices.

use crate::support::{Backend, TestApp, Whole, any_job, at_once, refusal};
use callsheet::{
    error::Result,
    jobs::{
        AttemptReport, Ending, Failure, Filter, Guard, Heartbeat, Idempotency, ItemReport,
        JobManager, JobPatch, NewItem, NewJob, Progress, ShotEdit,
    },
};
use entity::{ItemStatus, JobStatus, job};
use sea_orm::{ConnectionTrait, DatabaseConnection, TransactionTrait};
use serde_json::json;
use std::collections::HashSet;
use tokio::task::JoinHandle;

/// Holds SQLite's write lock, or on PostgreSQL the table, so that what comes meanwhile has to wait.
#[allow(clippy::disallowed_methods, reason = "a stranger")]
pub async fn stalled(t: &TestApp) -> (DatabaseConnection, sea_orm::DatabaseTransaction) {
    let raw = t.db.raw().await;
    let tx = raw.begin().await.unwrap();
    let lock = match t.db.backend {
        Backend::Sqlite => "UPDATE imports SET found = found",
        Backend::Postgres => "LOCK TABLE video_generation_jobs IN EXCLUSIVE MODE",
    };
    tx.execute_unprepared(lock).await.unwrap();
    (raw, tx)
}

async fn progress(jobs: JobManager, id: String, percent: f64) -> Result<job::Model> {
    jobs.update_progress(
        &id,
        Progress {
            progress: Some(percent),
            current_stage: None,
        },
        None,
    )
    .await
}

#[on_both]
async fn each_of_many_creates_at_once_is_there_or_refused_by_itself(t: TestApp) {
    let series = t.series("S").await;
    let create = |n: usize| {
        let (jobs, series) = ((*t).clone(), series.clone());
        async move {
            let new = match n % 5 {
                // Three ask for one id, and three for a series that is not there.
                0 => NewJob {
                    job_id: Some(format!("named-{}", n % 3)),
                    ..any_job()
                },
                1 => NewJob {
                    series_id: Some("nobody".into()),
                    ..any_job()
                },
                2 => NewJob {
                    series_id: Some(series),
                    ..any_job()
                },
                3 => NewJob {
                    items: vec![NewItem {
                        key: format!("i-{n}"),
                        input: None,
                    }],
                    ..any_job()
                },
                _ => any_job(),
            };
            let key = (n % 5 == 4)
                .then(|| Idempotency::new(format!("key-{}", n % 4), "create_job", &json!({})));
            (
                n,
                jobs.create_job(new, key)
                    .await
                    .map(|created| created.job.id)
                    .map_err(|error| error.code()),
            )
        }
    };
    let outcomes = at_once((0..100).map(create)).await;
    let of = |kind: usize| {
        outcomes
            .iter()
            .filter(move |(n, _)| n % 5 == kind)
            .map(|(_, outcome)| outcome)
    };
    assert_eq!(
        of(0).filter(|outcome| outcome.is_ok()).count(),
        3,
        "one for each id"
    );
    assert!(
        of(0)
            .flat_map(|outcome| outcome.as_ref().err())
            .all(|code| *code == "job_exists")
    );
    assert!(of(1).all(|outcome| *outcome == Err("series_not_found")));
    assert!(of(2).chain(of(3)).all(|outcome| outcome.is_ok()));
    let keyed: HashSet<_> = of(4).map(|outcome| outcome.clone().unwrap()).collect();
    assert_eq!(keyed.len(), 4, "one job for each idempotency key");
    assert_eq!(
        t.count_jobs(&Filter::default()).await.unwrap().total(),
        3 + 20 + 20 + 4
    );
    for id in outcomes
        .iter()
        .filter_map(|(_, outcome)| outcome.as_ref().ok())
    {
        t.whole(id).await.assert_history_is_whole();
    }
}

/// The job once its reports are answered, and the answers.
async fn answered(
    t: &TestApp,
    id: &str,
    reports: Vec<JoinHandle<Result<job::Model>>>,
) -> (Whole, Vec<job::Model>) {
    let mut answers = Vec::new();
    for report in reports {
        answers.push(report.await.unwrap().unwrap());
    }
    let whole = t.whole(id).await;
    whole.assert_history_is_whole();
    (whole, answers)
}

#[on_both]
async fn reports_on_one_job_that_are_committed_together_are_one_step_and_each_is_answered_with_it(
    t: TestApp,
) {
    let id = t.started().await.id;
    let (raw, lock) = stalled(&t).await;
    let reports: Vec<_> = (1..=20)
        .map(|n| tokio::spawn(progress((*t).clone(), id.clone(), f64::from(n))))
        .collect();
    t.waits_for_writes(20).await;
    lock.rollback().await.unwrap();
    raw.close().await.unwrap();
    let (whole, answers) = answered(&t, &id, reports).await;
    let steps: HashSet<i64> = answers.iter().map(|job| job.version).collect();
    assert!(
        steps.len() <= 2,
        "one took the lane, the others waited and went together: {steps:?}"
    );
    for answer in &answers {
        let told = whole
            .events
            .iter()
            .find(|event| event.seq == answer.version)
            .unwrap();
        assert_eq!(
            (told.progress, told.status),
            (answer.progress, JobStatus::Processing)
        );
    }
}

#[on_both]
async fn a_report_that_changes_nothing_among_others_is_answered_with_the_step_that_it_stands_in(
    t: TestApp,
) {
    let id = t.started().await.id;
    let (raw, lock) = stalled(&t).await;
    let mut reports = Vec::new();
    // The first takes the lane, the others come into one batch in this order.
    for percent in [5.0, 10.0, 10.0, 20.0] {
        reports.push(tokio::spawn(progress((*t).clone(), id.clone(), percent)));
        t.waits_for_writes(reports.len()).await;
    }
    lock.rollback().await.unwrap();
    raw.close().await.unwrap();
    let (whole, answers) = answered(&t, &id, reports).await;
    for answer in answers {
        let told = whole
            .events
            .iter()
            .find(|event| event.seq == answer.version)
            .unwrap();
        assert_eq!(told.progress, answer.progress, "version {}", answer.version);
    }
}

#[on_both]
async fn a_row_that_breaks_a_constraint_fails_alone(t: TestApp) {
    // A rule that Callsheet does not know of, as an operator may add one.
    let rule = match t.db.backend {
        Backend::Sqlite => {
            "CREATE TRIGGER no_bad BEFORE INSERT ON video_generation_jobs WHEN NEW.style = 'bad' \
             BEGIN SELECT RAISE(ABORT, 'no bad ones'); END"
        }
        Backend::Postgres => {
            "ALTER TABLE video_generation_jobs ADD CONSTRAINT no_bad CHECK (style <> 'bad')"
        }
    };
    let raw = t.db.raw().await;
    raw.execute_unprepared(rule).await.unwrap();
    raw.close().await.unwrap();
    let create = |n: usize| {
        let jobs = (*t).clone();
        async move {
            let style = Some(if n % 10 == 3 { "bad" } else { "good" }.to_owned());
            (
                n,
                jobs.create_job(NewJob { style, ..any_job() }, None)
                    .await
                    .map(|c| c.job.id)
                    .map_err(|e| e.code()),
            )
        }
    };
    for (n, outcome) in at_once((0..60).map(create)).await {
        match (n % 10 == 3, outcome) {
            (true, outcome) => assert_eq!(outcome, Err("internal_error")),
            (false, outcome) => t.whole(&outcome.unwrap()).await.assert_history_is_whole(),
        }
    }
    assert_eq!(t.count_jobs(&Filter::default()).await.unwrap().queued, 54);
}

#[on_both]
async fn a_caller_that_goes_away_while_its_write_waits_disturbs_nobody(t: TestApp) {
    let (raw, lock) = stalled(&t).await;
    let create = |n: usize| {
        let jobs = (*t).clone();
        let new = NewJob {
            job_id: Some(format!("job-{n}")),
            ..any_job()
        };
        tokio::spawn(async move {
            jobs.create_job(new, None)
                .await
                .map(|created| created.job.id)
        })
    };
    let calls: Vec<_> = (0..40).map(create).collect();
    t.waits_for_writes(40).await;
    let (gone, stay): (Vec<_>, Vec<_>) =
        calls.into_iter().enumerate().partition(|(n, _)| n % 2 == 0);
    gone.iter().for_each(|(_, call)| call.abort());
    lock.rollback().await.unwrap();
    raw.close().await.unwrap();
    for (n, call) in stay {
        assert_eq!(call.await.unwrap().unwrap(), format!("job-{n}"));
    }
    // Of the others some may have been begun: each is there as a whole, or not at all.
    for (n, _) in gone {
        let whole = t.whole(&format!("job-{n}")).await;
        if whole.job.is_some() {
            whole.assert_history_is_whole();
        } else {
            assert!(whole.events.is_empty() && whole.items.is_empty());
        }
    }
}

#[on_both]
async fn more_writes_than_are_held_are_refused_and_the_service_goes_on(t: TestApp) {
    let (raw, lock) = stalled(&t).await;
    let create = |_| {
        let jobs = (*t).clone();
        tokio::spawn(async move {
            jobs.create_job(any_job(), None)
                .await
                .map(|_| ())
                .map_err(|e| e.code())
        })
    };
    let calls: Vec<_> = (0..9000).map(create).collect();
    let mut outcomes: Vec<_> = Vec::new();
    t.waits_for_writes(8192).await;
    lock.rollback().await.unwrap();
    raw.close().await.unwrap();
    for call in calls {
        outcomes.push(call.await.unwrap());
    }
    let refused = outcomes
        .iter()
        .filter(|outcome| **outcome == Err("overloaded"))
        .count();
    let made = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(refused > 0, "no more than 8192 wait");
    // On a slow machine the last ones wait longer than a caller has to.
    let late = outcomes
        .iter()
        .filter(|outcome| **outcome == Err("database_unavailable"))
        .count();
    assert_eq!(refused + late + made, 9000);
    assert_eq!(
        t.count_jobs(&Filter::default()).await.unwrap().queued,
        made as u64
    );
    t.queued().await;
}

#[on_both]
async fn no_more_bytes_wait_than_are_held_whatever_brings_them(t: TestApp) {
    let id = t.started().await.id;
    let (raw, lock) = stalled(&t).await;
    // 128 MB may wait. This one is refused when its turn comes, so that nothing of it is written.
    let patch = JobPatch {
        content: Some(Some("x".repeat(120 << 20))),
        ..Default::default()
    };
    let first = {
        let (jobs, id) = ((*t).clone(), id.clone());
        tokio::spawn(async move { jobs.update_job(&id, patch, Some(vec![99])).await })
    };
    t.waits_for_writes(1).await;
    let long = || "x".repeat(9 << 20);
    let result = || serde_json::Map::from_iter([("text".to_owned(), json!(long()))]);
    let report = || {
        let (key, result) = (Some("a".to_owned()), Some(json!(long())));
        vec![ItemReport {
            key,
            idx: None,
            status: ItemStatus::Completed,
            result,
            error: None,
        }]
    };
    let failure = || Failure {
        error: long(),
        retryable: false,
        retry_after_seconds: None,
    };
    let outcome = |ending| {
        vec![AttemptReport {
            job_id: id.clone(),
            lease_token: None,
            ending,
        }]
    };
    let patch = JobPatch {
        content: Some(Some(long())),
        ..Default::default()
    };
    let shot = ShotEdit {
        visual_desc: Some(long()),
        ..Default::default()
    };
    let beat = Heartbeat {
        items: report(),
        ..Default::default()
    };
    refusal(
        t.create_job(
            NewJob {
                content: Some(long()),
                ..any_job()
            },
            None,
        )
        .await,
        "overloaded",
    );
    refusal(t.update_job(&id, patch, None).await, "overloaded");
    let patch = JobPatch {
        context: Some(Some(result())),
        ..Default::default()
    };
    refusal(t.update_job(&id, patch, None).await, "overloaded");
    refusal(
        t.mark_completed(&id, Some(result()), None).await,
        "overloaded",
    );
    refusal(t.mark_failed(&id, failure(), None).await, "overloaded");
    refusal(
        t.report_items(&id, report(), Guard::default()).await,
        "overloaded",
    );
    refusal(t.heartbeat(&id, "token", beat).await, "overloaded");
    refusal(t.update_shot(&id, 0, shot).await, "overloaded");
    refusal(
        t.report_outcomes(outcome(Ending::Completed {
            result: Some(result()),
        }))
        .await,
        "overloaded",
    );
    refusal(
        t.report_outcomes(outcome(Ending::Failed(failure()))).await,
        "overloaded",
    );
    lock.rollback().await.unwrap();
    raw.close().await.unwrap();
    refusal(first.await.unwrap(), "version_mismatch");
}
