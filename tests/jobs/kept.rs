//! view_job: from memory, and never older than a write that was answered.

use crate::support::{
    Backend, Fixture, TestApp, TestClock, TestDb, any_job, at_once, claim, for_good, run,
};
use callsheet::{
    db::{Database, MAX_AGE, Options},
    jobs::{Filter, Heartbeat, ItemReport, JobManager, Order, PageAfter, Progress, View},
    random::SystemRandom,
};
use entity::ItemStatus;
use sea_orm::ConnectionTrait;
use std::{sync::Arc, time::Instant};

async fn keeping(t: &TestApp) -> JobManager {
    let options = Options {
        cache_jobs: 100,
        ..Options::new(&t.db.url)
    };
    let db = Database::connect(&options).await.unwrap();
    JobManager::new(db, Arc::<TestClock>::default(), Arc::new(SystemRandom))
}

fn percent(percent: f64) -> Progress {
    Progress {
        progress: Some(percent),
        current_stage: None,
    }
}

fn report(key: &str, status: ItemStatus) -> ItemReport {
    ItemReport {
        key: Some(key.into()),
        idx: None,
        status,
        result: None,
        error: None,
    }
}

#[on_both]
async fn a_read_after_ones_own_write_is_never_older(t: TestApp) {
    let jobs = keeping(&t).await;
    let id = t.started().await.id;
    let reports = |n: u32| {
        let (jobs, id) = (jobs.clone(), id.clone());
        async move {
            for step in 0..50 {
                let written = jobs
                    .update_progress(&id, percent(f64::from(n * 50 + step) / 4.0), None)
                    .await
                    .unwrap();
                let read = jobs.view_job(&id, 0).await.unwrap().0;
                assert!(
                    read.job.version >= written.version,
                    "{} after {}",
                    read.job.version,
                    written.version
                );
            }
        }
    };
    at_once((0..8).map(reports)).await;
    let last = jobs.view_job(&id, 0).await.unwrap().0;
    assert_eq!(last.job, t.get_job(&id).await.unwrap());
    jobs.delete_job(&id, None).await.unwrap();
    assert_eq!(
        jobs.view_job(&id, 0).await.unwrap_err().code(),
        "job_not_found"
    );
    jobs.database().clone().close().await.unwrap();
}

#[on_both]
async fn what_is_kept_is_read_once_and_what_is_written_past_callsheet_is_seen_within_a_second(
    t: TestApp,
) {
    let jobs = keeping(&t).await;
    let id = t.create(any_job()).await.id;
    let first = jobs.view_job(&id, 0).await.unwrap().0;
    assert!(
        Arc::ptr_eq(&first, &jobs.view_job(&id, 0).await.unwrap().0),
        "kept"
    );
    let raw = t.db.raw().await;
    raw.execute_unprepared("UPDATE video_generation_jobs SET style = 'changed'")
        .await
        .unwrap();
    raw.close().await.unwrap();
    let began = Instant::now();
    while jobs.view_job(&id, 0).await.unwrap().0.job.style.is_none() {
        assert!(began.elapsed() < 3 * MAX_AGE, "older than promised");
        tokio::task::yield_now().await;
    }
    jobs.database().clone().close().await.unwrap();
}

#[on_both]
async fn what_is_large_in_any_part_is_not_kept(t: TestApp) {
    let jobs = keeping(&t).await;
    let long = "x".repeat(100_000);
    let failed = t.started().await.id;
    jobs.mark_failed(&failed, for_good(&long), None)
        .await
        .unwrap();
    let shot = t.with_items(&["a"]).await.id;
    t.start(&shot).await;
    let small = jobs.view_job(&shot, 0).await.unwrap().0;
    assert!(
        Arc::ptr_eq(&small, &jobs.view_job(&shot, 0).await.unwrap().0),
        "kept as long as it is small"
    );
    let report = ItemReport {
        error: Some(long.clone()),
        ..report("a", ItemStatus::Failed)
    };
    jobs.report_items(&shot, vec![report], None).await.unwrap();
    for id in [failed, shot] {
        let first = jobs.view_job(&id, 0).await.unwrap().0;
        let error = first
            .items
            .first()
            .map_or(&first.job.error_message, |item| &item.error);
        assert_eq!(error.as_ref(), Some(&long));
        assert!(
            !Arc::ptr_eq(&first, &jobs.view_job(&id, 0).await.unwrap().0),
            "read each time"
        );
    }
    jobs.database().clone().close().await.unwrap();
}

#[on_both]
async fn a_lease_that_moved_is_seen_by_the_next_read_and_told_to_nobody(t: TestApp) {
    let jobs = keeping(&t).await;
    let id = t.queued().await.id;
    let given = jobs.claim_jobs(claim("w")).await.unwrap().remove(0).job;
    let before = jobs.view_job(&id, 0).await.unwrap().0;
    assert_eq!(before.job.lease_expires_at, given.lease_expires_at);
    let (asked, mut news) = (jobs.changes(), jobs.database().change_bus().subscribe());
    let beat = Heartbeat {
        lease_seconds: Some(3600),
        ..Default::default()
    };
    let told = jobs
        .heartbeat(&id, given.lease_token.as_ref().unwrap(), beat)
        .await
        .unwrap();
    let after = jobs.view_job(&id, 0).await.unwrap().0;
    assert_eq!(
        (after.job.lease_expires_at, after.job.version),
        (Some(told.lease_expires_at), before.job.version)
    );
    assert_ne!(after.job.lease_expires_at, before.job.lease_expires_at);
    assert_ne!(
        jobs.changes(),
        asked,
        "a list from before is not given again"
    );
    let listed = jobs
        .list_jobs(
            &Filter::default(),
            Order::NewestFirst,
            PageAfter::Offset(0),
            1,
            View::Full,
        )
        .await;
    assert_eq!(listed.unwrap().jobs, std::slice::from_ref(&after.job));
    let other = jobs.create_job(any_job(), None).await.unwrap().job.id;
    assert_eq!(
        news.next().await.jobs[0].job_id,
        other,
        "the first that is told"
    );
    jobs.database().clone().close().await.unwrap();
}

#[on_both]
async fn a_job_and_its_items_are_read_as_of_one_version(t: TestApp) {
    const SHOTS: usize = 150;
    let keys: Vec<String> = (0..SHOTS).map(|n| n.to_string()).collect();
    let id = t
        .with_items(&keys.iter().map(String::as_str).collect::<Vec<_>>())
        .await
        .id;
    t.start(&id).await;
    let (worker, job_id) = (t.clone(), id.clone());
    let reports = tokio::spawn(async move {
        for key in keys {
            worker
                .report_items(&job_id, vec![report(&key, ItemStatus::Completed)], None)
                .await
                .unwrap();
        }
    });
    let done = |items: &[entity::job_item::Model]| {
        items
            .iter()
            .filter(|i| i.status == ItemStatus::Completed)
            .count()
    };
    loop {
        let seen = t.view_job(&id, 0).await.unwrap().0;
        assert_eq!(
            done(&seen.items),
            seen.job.completed_shots as usize,
            "at version {}",
            seen.job.version
        );
        if seen.job.completed_shots as usize == SHOTS {
            break;
        }
    }
    reports.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_server_on_postgres_forgets_what_this_one_changes() {
    run(Backend::Postgres, |t: TestApp| async move {
        let other = keeping(&t).await;
        let mut news = other.database().change_bus().subscribe();
        let db = other.database().clone();
        let listening = tokio::spawn(async move { db.listen().await });
        assert!(news.next().await.more, "it listens from here on");
        let id = t.started().await.id;
        while other.view_job(&id, 0).await.is_err() {}
        let written = t.update_progress(&id, percent(42.0), None).await.unwrap();
        // The news come when the other has forgotten.
        while !news
            .next()
            .await
            .jobs
            .iter()
            .any(|told| told.job_id == id && told.seq == written.version)
        {}
        assert_eq!(other.view_job(&id, 0).await.unwrap().0.job.progress, 42.0);
        listening.abort();
        other.database().clone().close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn nothing_is_kept_where_there_is_no_room_for_any() {
    let t = TestApp::set_up(Backend::Sqlite).await;
    let id = t.queued().await.id;
    assert!(!Arc::ptr_eq(
        &t.view_job(&id, 0).await.unwrap().0,
        &t.view_job(&id, 0).await.unwrap().0
    ));
    let db: TestDb = t.db.clone();
    t.tear_down().await;
    drop(db);
}
