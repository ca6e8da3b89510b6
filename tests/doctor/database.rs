//! Faults of a database, its files and its server.

use super::{break_it, found_with, ids, limits};
use crate::support::{Backend, TestApp, TestDb};
use callsheet::{
    cli::doctor::{Limits, check_database},
    clock::{Clock, SystemClock},
};
use chrono::TimeDelta;
use sea_orm::ConnectionTrait;
use std::{
    io::{Seek, SeekFrom, Write},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    time::Duration,
};

fn file(db: &TestDb) -> PathBuf {
    db.url.strip_prefix("sqlite://").unwrap().into()
}

async fn only_with(db: &TestDb, limits: Limits, id: &str) {
    let found = found_with(&db.url, SystemClock.now(), &limits).await;
    let ids: Vec<_> = found.iter().map(|one| one.id).collect();
    assert_eq!(ids, [id], "{found:?}");
}

#[on_sqlite]
async fn a_file_that_is_not_there(t: TestApp) {
    let url = format!("{}-elsewhere", t.db.url);
    assert_eq!(ids(&url, t.now()).await, ["database.missing"]);
    assert!(!PathBuf::from(url.strip_prefix("sqlite://").unwrap()).exists());
}

#[tokio::test]
async fn a_server_that_does_not_answer() {
    let url = "postgres://callsheet:secret@127.0.0.1:9/callsheet";
    let found = check_database(url, SystemClock.now(), &limits(), false).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].id, "database.unreachable");
    assert!(!found[0].what.contains("secret"), "{}", found[0].what);
}

#[on_sqlite]
async fn a_file_that_is_no_database(t: TestApp) {
    let other = file(&t.db).with_file_name("notes.txt");
    std::fs::write(
        &other,
        "not a database, but long enough to be read as one".repeat(100),
    )
    .unwrap();
    let url = format!("sqlite://{}", other.display());
    let found = ids(&url, t.now()).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("database.un"), "{found:?}");
}

#[on_sqlite]
async fn a_damaged_file(t: TestApp) {
    for _ in 0..200 {
        t.queued().await;
    }
    t.roll_up_stats().await.unwrap();
    t.database().clone().close().await.unwrap();
    let path = file(&t.db);
    let size = path.metadata().unwrap().len();
    let mut open = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let pages = size / 4096;
    for page in (pages * 3 / 4)..(pages * 3 / 4 + 3) {
        open.seek(SeekFrom::Start(page * 4096)).unwrap();
        open.write_all(&[0xA5; 4096]).unwrap();
    }
    drop(open);
    let found = ids(&t.db.url, t.now()).await;
    let is_seen = found.iter().any(|id| id.starts_with("database."));
    assert!(is_seen, "{found:?}");
}

#[on_sqlite]
async fn a_journal_that_makes_readers_wait(t: TestApp) {
    t.database().clone().close().await.unwrap();
    break_it(&t.db, &["PRAGMA journal_mode = DELETE"]).await;
    assert_eq!(ids(&t.db.url, t.now()).await, ["sqlite.journal_mode"]);
}

#[on_sqlite]
async fn a_log_that_was_not_written_back(t: TestApp) {
    t.set_queue("a", Some(false), None).await.unwrap();
    let few = Limits {
        log_bytes: 1,
        ..limits()
    };
    only_with(&t.db, few, "sqlite.log_large").await;
}

#[on_sqlite]
async fn a_file_that_is_mostly_empty(t: TestApp) {
    let rows = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) \
        INSERT INTO filler SELECT randomblob(1000) FROM n";
    let statements = ["CREATE TABLE filler (x)", rows, "DROP TABLE filler"];
    break_it(&t.db, &statements).await;
    let few = Limits {
        free_bytes: 1 << 20,
        ..limits()
    };
    only_with(&t.db, few, "sqlite.free_pages").await;
}

#[on_sqlite]
async fn a_file_that_others_can_read(t: TestApp) {
    let readable = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(file(&t.db), readable).unwrap();
    let found = check_database(&t.db.url, t.now(), &limits(), false).await;
    let ids: Vec<_> = found.iter().map(|one| one.id).collect();
    assert_eq!(ids, ["sqlite.readable"]);
}

#[on_sqlite]
async fn a_disk_without_room(t: TestApp) {
    let all = Limits {
        min_free_disk: Some(u64::MAX),
        ..limits()
    };
    only_with(&t.db, all, "sqlite.disk_low").await;
}

#[on_postgres]
async fn a_session_that_is_idle_in_a_transaction(t: TestApp) {
    let raw = t.db.raw().await;
    raw.execute_unprepared("BEGIN").await.unwrap();
    let none = Limits {
        idle_transaction: Duration::ZERO,
        ..limits()
    };
    only_with(&t.db, none, "postgres.idle_transaction").await;
    raw.close().await.unwrap();
}

#[on_postgres]
async fn a_database_that_accepts_no_changes(t: TestApp) {
    let name = t.db.url.rsplit('/').next().unwrap();
    let sql = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    break_it(&t.db, &[&sql]).await;
    assert_eq!(ids(&t.db.url, t.now()).await, ["postgres.read_only"]);
}

#[on_postgres]
async fn a_table_that_is_not_vacuumed(t: TestApp) {
    let sql = "ALTER TABLE job_events SET (autovacuum_enabled = false)";
    break_it(&t.db, &[sql]).await;
    assert_eq!(ids(&t.db.url, t.now()).await, ["postgres.table_autovacuum"]);
}

#[on_postgres]
async fn fewer_connections_than_one_server_holds(t: TestApp) {
    let many = Limits {
        connections: 100_000,
        ..limits()
    };
    only_with(&t.db, many, "postgres.connections").await;
}

#[on_both]
async fn a_clock_that_differs(t: TestApp) {
    let exact = Limits {
        clock_skew: TimeDelta::minutes(30),
        ..limits()
    };
    let found = found_with(&t.db.url, SystemClock.now() + TimeDelta::hours(1), &exact).await;
    let ids: Vec<_> = found.iter().map(|one| one.id).collect();
    if t.db.backend == Backend::Postgres {
        assert_eq!(ids, ["clock.ahead"]);
    } else {
        assert_eq!(ids, Vec::<&str>::new(), "both use one clock");
    }
}

#[on_both]
async fn a_stored_count_that_is_wrong(t: TestApp) {
    t.job_in(entity::JobStatus::Failed).await;
    t.roll_up_stats().await.unwrap();
    break_it(
        &t.db,
        &["UPDATE job_counts SET jobs = jobs + 1 WHERE status = 'failed'"],
    )
    .await;
    assert_eq!(ids(&t.db.url, t.now()).await, ["counts.wrong"]);
    let quick = check_database(&t.db.url, t.now(), &limits(), false).await;
    assert!(
        quick.iter().all(|one| one.id != "counts.wrong"),
        "only a deep look reads all jobs"
    );
}

#[on_both]
async fn a_stored_label_that_no_job_has(t: TestApp) {
    let job = t.job_in(entity::JobStatus::Failed).await;
    t.roll_up_stats().await.unwrap();
    let sql = format!(
        "INSERT INTO job_labels (label_key, label_value, job_created_at, job_id) \
         SELECT 'team', 'blue', created_at, id FROM video_generation_jobs WHERE id = '{}'",
        job.id
    );
    break_it(&t.db, &[&sql]).await;
    assert_eq!(ids(&t.db.url, t.now()).await, ["labels.wrong"]);
}
