//! Rows are read as they are written, however many at once.

use crate::support::{Backend, TestApp, any_job};
use callsheet::{
    db::{Database, Observer, Options, jobs_of},
    jobs::{NewJob, NewJobWebhook, Principal, Progress, RunBy},
};
use entity::job;
use sea_orm::{ConnectionTrait, EntityTrait, Statement};
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// As the ORM reads them, row by row.
async fn same_as_one_by_one(t: &TestApp) -> Vec<job::Model> {
    let db = t.database().read();
    let one_by_one = job::Entity::find().all(db).await.unwrap();
    assert_eq!(jobs_of(db, job::Entity::find()).await.unwrap(), one_by_one);
    one_by_one
}

#[on_both]
async fn whatever_a_job_holds_is_read_as_it_was_written(t: TestApp) {
    let odd = "\u{1}\t\n\r \"'\\ {} [null] \u{7f} \u{2028} é 🎬 \u{10ffff}";
    let document =
        json!({odd: [odd, 0.1, 1e308, 5e-324, i64::MAX, u64::MAX, null, true, {"": ""}]})
            .as_object()
            .unwrap()
            .clone();
    let caller = Principal {
        key_id: Some("k3x9a2m7".into()),
        ..Principal::anyone()
    };
    let acting = t.acting(Arc::new(caller));
    acting.create_job(any_job(), None).await.unwrap();
    t.create(NewJob {
        content: Some(odd.into()),
        project_title: Some(String::new()),
        request_data: Some(document.clone()),
        context: Some(document),
        labels: [("a/b".to_owned(), odd.to_owned())].into(),
        webhook: Some(NewJobWebhook {
            url: "https://hooks.studio.example/films?job=1".into(),
            kinds: Some(vec!["job.completed".into()]),
        }),
        run: RunBy::Creator,
        ..any_job()
    })
    .await;
    assert_eq!(same_as_one_by_one(&t).await.len(), 2);
    assert_eq!(
        statements(&t).await,
        1,
        "nothing had to be read a second time, in another way"
    );
}

/// How many statements it takes to read all jobs.
async fn statements(t: &TestApp) -> usize {
    let asked = Arc::new(AtomicUsize::default());
    let count = asked.clone();
    let observer = Observer(Arc::new(move |_: &Statement| {
        count.fetch_add(1, Ordering::Relaxed);
    }));
    let db = Database::connect(&Options {
        observer: Some(observer),
        ..Options::new(&t.db.url)
    })
    .await
    .unwrap();
    jobs_of(db.read(), job::Entity::find()).await.unwrap();
    let asked = asked.load(Ordering::Relaxed);
    db.close().await.unwrap();
    asked
}

#[on_both]
async fn progress_is_read_to_its_last_digit(t: TestApp) {
    let mut random = fastrand::Rng::with_seed(5);
    let known = [
        0.0,
        0.1 + 0.2,
        100.0 / 3.0,
        200.0 / 3.0,
        99.99999999999999,
        5e-324,
        1e-300,
        1.0,
    ];
    let mut written = Vec::new();
    for n in 0..300 {
        let progress = known
            .get(n)
            .copied()
            .unwrap_or_else(|| random.f64() * 100.0);
        let id = t.create(any_job()).await.id;
        t.start_job(&id, None, None).await.unwrap();
        let report = Progress {
            progress: Some(progress),
            ..Progress::default()
        };
        written.push((
            id.clone(),
            t.update_progress(&id, report, None).await.unwrap().progress,
        ));
    }
    let mut read: Vec<_> = same_as_one_by_one(&t)
        .await
        .into_iter()
        .map(|job| (job.id, job.progress))
        .collect();
    read.sort_by(|a, b| a.0.cmp(&b.0));
    written.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(read, written);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_stranger_wrote_in_another_form_is_read_too_on_sqlite() {
    crate::support::run(Backend::Sqlite, |t: TestApp| async move {
        let raw = t.db.raw().await;
        for change in [
            "created_at = '2026-01-02 03:04:05'",
            "updated_at = '2026-01-02T03:04:05.123456789+02:00'",
            "progress = 42",
            "labels = '{\"a\": 1}'",
        ] {
            let id = t.create(any_job()).await.id;
            let sql = format!("UPDATE video_generation_jobs SET {change} WHERE id = '{id}'");
            raw.execute_unprepared(&sql).await.unwrap();
            same_as_one_by_one(&t).await;
        }
        assert_eq!(
            statements(&t).await,
            2,
            "the times are in a form of their own"
        );
        // What is no text is neither read as one nor passed over.
        raw.execute_unprepared("UPDATE video_generation_jobs SET style = CAST('a' AS BLOB)")
            .await
            .unwrap();
        let db = t.database().read();
        job::Entity::find().all(db).await.unwrap_err();
        assert_eq!(
            jobs_of(db, job::Entity::find()).await.unwrap(),
            [],
            "each is left out by itself"
        );
        raw.close().await.unwrap();
    })
    .await;
}
