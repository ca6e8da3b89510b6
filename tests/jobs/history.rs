//! list_events, and what holds for the history of every job after whatever was done to it.

use crate::support::{TestApp, any_job, at_once, for_good, for_now};
use callsheet::{
    error::Result,
    jobs::{ItemReport, JobPatch, NewItem, NewJob, Progress, ShotEdit},
};
use chrono::TimeDelta;
use entity::{ItemStatus, JobStatus};
use fastrand::Rng;
use sea_orm::Iterable;

#[on_both]
async fn events_are_read_in_order_behind_a_place(t: TestApp) {
    let id = t.started().await.id;
    t.mark_completed(&id, None, None).await.unwrap();
    let seqs = async |after, limit| {
        t.list_events(&id, after, limit)
            .await
            .unwrap()
            .iter()
            .map(|e| e.seq)
            .collect::<Vec<_>>()
    };
    assert_eq!(seqs(None, 10).await, [1, 2, 3]);
    assert_eq!(seqs(None, 2).await, [1, 2]);
    assert_eq!(seqs(Some(2), 10).await, [3]);
    assert_eq!(seqs(Some(3), 10).await, [0; 0]);
    assert_eq!(seqs(Some(i64::MAX), 10).await, [0; 0]);
    assert_eq!(seqs(Some(i64::MIN), 1).await, [1]);
}

#[on_both]
async fn after_whatever_verbs_the_history_is_whole(t: TestApp) {
    let ids = some_jobs(&t).await;
    let mut rng = Rng::with_seed(20_260_101);
    let (mut done, mut refused) = (0, 0);
    for _ in 0..300 {
        match anything(&t, &ids, &mut rng).await {
            Ok(()) => done += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(
        done > 60 && refused > 60,
        "{done} done, {refused} refused: too one-sided to show anything"
    );
    check(&t, &ids).await;
}

#[on_both]
async fn after_eight_callers_at_once_the_history_is_whole(t: TestApp) {
    let ids = some_jobs(&t).await;
    let caller = |seed: u64| {
        let (t, ids) = (t.clone(), ids.clone());
        async move {
            let mut rng = Rng::with_seed(seed);
            for _ in 0..40 {
                let _ = anything(&t, &ids, &mut rng).await;
            }
        }
    };
    at_once((0..8).map(caller)).await;
    check(&t, &ids).await;
}

async fn some_jobs(t: &TestApp) -> Vec<String> {
    let mut ids = vec![t.queued().await.id, t.started().await.id];
    for n in [1, 3] {
        let items = (0..n)
            .map(|i| NewItem {
                key: format!("k{i}"),
                input: None,
            })
            .collect();
        ids.push(
            t.create(NewJob {
                items,
                max_attempts: Some(2),
                ..any_job()
            })
            .await
            .id,
        );
    }
    ids
}

async fn check(t: &TestApp, ids: &[String]) {
    for id in ids {
        let whole = t.whole(id).await;
        whole.assert_history_is_whole();
        let job = whole.job.as_ref().unwrap();
        assert!(
            (0.0..=100.0).contains(&job.progress) && job.completed_shots <= job.total_shots,
            "{job:?}"
        );
        let ended = matches!(
            job.status,
            JobStatus::Completed | JobStatus::Failed | JobStatus::Cancelled
        );
        assert_eq!(job.completed_at.is_some(), ended, "{job:?}");
        let started = whole
            .events
            .iter()
            .find(|e| e.status == JobStatus::Processing)
            .map(|e| e.created_at);
        assert_eq!(job.started_at, started, "the time of the first start");
        assert!(
            whole
                .items
                .iter()
                .zip(0..)
                .all(|(item, idx)| item.idx == idx),
            "positions have no gaps"
        );
    }
}

/// One random call. It may be refused, but by a rule and never by the database.
async fn anything(t: &TestApp, ids: &[String], rng: &mut Rng) -> Result<()> {
    t.clock
        .advance(TimeDelta::microseconds(rng.i64(0..1_000_000)));
    let id = &ids[rng.usize(..ids.len())];
    let version = rng
        .bool()
        .then(|| vec![rng.i64(1..40), rng.i64(1..40)])
        .filter(|_| rng.u8(..4) == 0);
    let outcome = match rng.u8(..5) {
        0 | 1 => report(t, id, rng, version).await,
        2 => patch(t, id, rng, version).await,
        _ => step(t, id, rng, version).await,
    };
    if let Err(error) = &outcome {
        let code = error.code();
        assert!(
            !matches!(
                code,
                "internal_error" | "database_unavailable" | "job_not_found"
            ),
            "{error:?}"
        );
    }
    outcome
}

async fn step(t: &TestApp, id: &str, rng: &mut Rng, version: Option<Vec<i64>>) -> Result<()> {
    match rng.u8(..6) {
        0 | 1 => t.start_job(id, None, version).await,
        2 => t.mark_completed(id, None, version).await,
        3 => {
            t.mark_failed(
                id,
                if rng.bool() {
                    for_now("a")
                } else {
                    for_good("b")
                },
                version,
            )
            .await
        }
        4 => t.cancel_job(id, None, version).await,
        _ => t.retry_job(id, version).await,
    }
    .map(drop)
}

async fn report(t: &TestApp, id: &str, rng: &mut Rng, version: Option<Vec<i64>>) -> Result<()> {
    match rng.u8(..4) {
        0 => {
            let stage = rng.bool().then(|| format!("Stage {}", rng.u8(..3)));
            t.update_progress(
                id,
                Progress {
                    progress: Some(rng.f64() * 101.0),
                    current_stage: stage,
                },
                version,
            )
            .await
        }
        1 => {
            t.update_shots(
                id,
                rng.bool().then(|| rng.i32(-1..9)),
                Some(rng.i32(-1..9)),
                version,
            )
            .await
        }
        2 => {
            t.update_shot(
                id,
                rng.i64(0..3),
                ShotEdit {
                    visual_desc: Some(rng.u8(..9).to_string()),
                    ..Default::default()
                },
            )
            .await
        }
        _ => {
            let statuses: Vec<_> = ItemStatus::iter().collect();
            let mut item = |n: i32| {
                let key = rng.bool().then(|| format!("k{n}"));
                let idx = if key.is_some() { None } else { Some(n) };
                ItemReport {
                    key,
                    idx,
                    status: statuses[rng.usize(..5)],
                    result: None,
                    error: None,
                }
            };
            let reports = [item(0), item(1), item(4)];
            t.report_items(id, reports[..rng.usize(1..4)].to_vec(), version)
                .await
        }
    }
    .map(drop)
}

async fn patch(t: &TestApp, id: &str, rng: &mut Rng, version: Option<Vec<i64>>) -> Result<()> {
    let statuses: Vec<_> = JobStatus::iter().collect();
    let patch = JobPatch {
        status: rng.bool().then(|| statuses[rng.usize(..5)]),
        style: rng
            .bool()
            .then(|| rng.bool().then(|| rng.u8(..3).to_string())),
        priority: rng.bool().then(|| rng.i16(-101..102)),
        max_attempts: rng.bool().then(|| rng.i32(0..5)),
        progress: (rng.u8(..4) == 0).then(|| rng.f64() * 100.0),
        ..Default::default()
    };
    t.update_job(id, patch, version).await.map(drop)
}
