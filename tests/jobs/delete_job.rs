//! delete_job: what goes, what stays, and what a job of the same id later finds.

use crate::support::{TestApp, any_job, at_once, refusal};
use callsheet::jobs::NewJob;
use chrono::TimeDelta;
use entity::JobStatus;
use sea_orm::Iterable;

#[on_both]
async fn a_deleted_job_leaves_one_event_and_nothing_else(t: TestApp) {
    let id = t.with_items(&["a", "b"]).await.id;
    t.start(&id).await;
    let now = t.clock.advance(TimeDelta::seconds(1));
    t.delete_job(&id, None).await.unwrap();
    let whole = t.whole(&id).await;
    assert_eq!(
        (whole.job.as_ref(), whole.items.len(), whole.kinds()),
        (None, 0, vec!["deleted"])
    );
    let last = &whole.events[0];
    assert_eq!(
        (last.seq, last.status, last.created_at),
        (3, JobStatus::Processing, now)
    );
    refusal(t.get_job(&id).await, "job_not_found");
    refusal(t.list_events(&id, None, 10).await, "job_not_found");
    refusal(t.list_items(&id, None, 10).await, "job_not_found");
    refusal(t.delete_job(&id, None).await, "job_not_found");
}

#[on_both]
async fn a_job_is_deleted_in_any_status(t: TestApp) {
    for status in JobStatus::iter() {
        let id = t.job_in(status).await.id;
        t.delete_job(&id, None).await.unwrap();
        refusal(t.get_job(&id).await, "job_not_found");
    }
}

#[on_both]
async fn a_job_that_takes_the_id_of_a_deleted_one_goes_on_counting(t: TestApp) {
    t.named("again").await;
    t.start("again").await;
    t.delete_job("again", None).await.unwrap();
    let second = t.named("again").await;
    assert_eq!(
        (second.version, second.status, second.attempt),
        (4, JobStatus::Queued, 0)
    );
    t.start("again").await;
    let whole = t.whole("again").await;
    let history: Vec<_> = whole
        .events
        .iter()
        .map(|e| (e.seq, e.kind.as_str()))
        .collect();
    assert_eq!(history, [(3, "deleted"), (4, "created"), (5, "started")]);
    t.delete_job("again", None).await.unwrap();
    let whole = t.whole("again").await;
    assert_eq!((whole.events[0].seq, whole.kinds()), (6, vec!["deleted"]));
    assert_eq!(t.named("again").await.version, 7);
}

#[on_both]
async fn of_two_deletions_at_once_one_finds_the_job(t: TestApp) {
    for _ in 0..10 {
        let id = t.queued().await.id;
        let delete = |_| {
            let (t, id) = (t.clone(), id.clone());
            async move { t.delete_job(&id, None).await.map_err(|e| e.code()) }
        };
        let mut outcomes = at_once((0..2).map(delete)).await;
        outcomes.sort();
        assert_eq!(outcomes, [Ok(()), Err("job_not_found")]);
    }
}

#[on_both]
async fn an_id_that_is_deleted_and_taken_again_at_once_never_counts_twice(t: TestApp) {
    t.named("contested").await;
    let mut last = 1;
    for round in 0..30 {
        let act = |n: i32| {
            let t = t.clone();
            let new = NewJob {
                job_id: Some("contested".into()),
                ..any_job()
            };
            async move {
                match n % 2 {
                    0 => t.delete_job("contested", None).await.map_err(|e| e.code()),
                    _ => t
                        .create_job(new, None)
                        .await
                        .map(|_| ())
                        .map_err(|e| e.code()),
                }
            }
        };
        let outcomes = at_once((0..4).map(act)).await;
        let fine = |o: &Result<(), &str>| matches!(o, Ok(()) | Err("job_exists" | "job_not_found"));
        assert!(outcomes.iter().all(fine), "round {round}: {outcomes:?}");
        let whole = t.whole("contested").await;
        let seqs: Vec<i64> = whole.events.iter().map(|e| e.seq).collect();
        assert!(
            seqs.windows(2).all(|w| w[0] + 1 == w[1]),
            "round {round}: {:?} {seqs:?}",
            whole.kinds()
        );
        let now = *seqs.last().unwrap();
        assert!(
            now >= last && whole.job.is_none_or(|job| job.version == now),
            "round {round}: {seqs:?}"
        );
        last = now;
    }
}
