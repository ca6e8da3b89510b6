//! SQLite files that somebody made to do harm, and values that no memory holds: each costs itself
//! alone, and nothing that a schema holds is run.

use super::dump::{Dump, counts, import, import_all, rejected};
use crate::support::{Backend, Fixture, TestApp, TestDb, TestRedis};
use callsheet::import::Options;
use sea_orm::ConnectionTrait;
use std::{path::Path, time::Instant};
use tempfile::TempDir;

const COLUMNS: &str = "id TEXT, job_type TEXT, status TEXT, created_at TEXT, updated_at TEXT";

fn row(id: &str) -> String {
    format!(
        "INSERT INTO video_generation_jobs (id, job_type, status, created_at, updated_at) VALUES \
        ('{id}', 'x', 'queued', '2025-01-01 00:00:00', '2025-01-01 00:00:00')"
    )
}

/// A SQLite file made by these statements.
async fn database(statements: &[String]) -> (TempDir, Options) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jobs.db");
    let conn = sea_orm::Database::connect(format!("sqlite://{}?mode=rwc", file.display()))
        .await
        .unwrap();
    for statement in statements {
        conn.execute_unprepared(statement).await.unwrap();
    }
    conn.close().await.unwrap();
    (folder, Options::new(vec![file]))
}

#[on_both]
async fn what_a_schema_computes_is_not_computed(bench: TestApp) {
    let huge = "hex(zeroblob(450000000))";
    for (n, table) in [
        format!(
            "CREATE TABLE video_generation_jobs ({COLUMNS}, content TEXT GENERATED ALWAYS AS \
            ({huge}) VIRTUAL)"
        ),
        format!(
            "CREATE TABLE video_generation_jobs ({COLUMNS}, content TEXT AS ({huge}) VIRTUAL \
            NOT NULL)"
        ),
        format!("CREATE TABLE video_generation_jobs ({COLUMNS}, CHECK (length({huge}) > 0))"),
        format!("CREATE TABLE video_generation_jobs ({COLUMNS}, content TEXT DEFAULT ({huge}))"),
    ]
    .into_iter()
    .enumerate()
    {
        let content = if n == 3 {
            ", content) SELECT *, ''"
        } else {
            ") SELECT *"
        };
        let insert = format!(
            "INSERT INTO video_generation_jobs (id, job_type, status, created_at, \
            updated_at{content} FROM (VALUES ('job-{n}', 'x', 'queued', '2025-01-01 00:00:00', \
            '2025-01-01 00:00:00'))"
        );
        let (_folder, options) =
            database(&["PRAGMA ignore_check_constraints = ON".into(), table, insert]).await;
        let began = Instant::now();
        let (report, _) = import_all(&bench, &options).await;
        assert_eq!(counts(&report), (1, 1, 0, 0), "{n}: {:?}", report.rejects);
        assert!(began.elapsed().as_secs() < 60);
    }
}

#[on_both]
async fn a_view_or_a_virtual_table_is_no_table(bench: TestApp) {
    let endless = "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)";
    let view = format!(
        "CREATE VIEW video_generation_jobs AS {endless} SELECT 'a' || n AS id, 'x' AS job_type, 'queued' AS status FROM r"
    );
    let comic = format!(
        "CREATE VIEW jobs AS {endless} SELECT n AS job_id, 'x' AS status, 1 AS total_items FROM r"
    );
    for statement in [view, comic] {
        let (_folder, options) = database(&[statement]).await;
        let (report, _) = import_all(&bench, &options).await;
        assert_eq!(
            (counts(&report), rejected(&report)[0].1),
            ((1, 0, 0, 1), "unknown_shape")
        );
    }
}

#[on_both]
async fn a_row_that_is_too_large_costs_itself(bench: TestApp) {
    let statements = [
        format!("CREATE TABLE video_generation_jobs ({COLUMNS}, content BLOB)"),
        row("small"),
        row("large"),
        "UPDATE video_generation_jobs SET content = zeroblob(60000000) WHERE id = 'large'".into(),
        row("escaped"),
        "UPDATE video_generation_jobs SET content = CAST(zeroblob(30000000) AS TEXT) WHERE id = \
        'escaped'"
            .into(),
        row("last"),
    ];
    let (_folder, options) = database(&statements).await;
    let (report, _) = import_all(&bench, &options).await;
    assert_eq!(counts(&report), (4, 2, 0, 2));
    let wanted = ["escaped", "large"].map(|id| (id.to_owned(), "too_large"));
    assert_eq!(rejected(&report), wanted);
}

/// To put these rows in order takes more memory than the reader may have.
#[on_both]
async fn a_file_that_asks_for_too_much_ends_its_reader_and_nothing_else(bench: TestApp) {
    let statements = [
        "CREATE TABLE jobs (job_id TEXT, status TEXT, total_items INT, created_at REAL)".into(),
        "CREATE TABLE job_results (id INT, job_id TEXT, item TEXT, success INT, error TEXT, \
        details BLOB)"
            .into(),
        "INSERT INTO jobs VALUES ('a', 'completed', 1, 1761680500.0)".into(),
        "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 25) \
         INSERT INTO job_results SELECT n, 'a', 'x', 1, NULL, zeroblob(31000000) FROM r"
            .to_owned(),
    ];
    let (_folder, options) = database(&statements).await;
    let (report, _) = import_all(&bench, &options).await;
    assert_eq!(
        (report.total.imported, rejected(&report)[0].1),
        (0, "bad_database")
    );
}

#[on_both]
async fn a_header_that_lies_is_found_out(bench: TestApp) {
    let (folder, options) = database(&[
        format!("CREATE TABLE video_generation_jobs ({COLUMNS})"),
        row("a"),
        row("b"),
    ])
    .await;
    let file = folder.path().join("jobs.db");
    let whole = std::fs::read(&file).unwrap();
    let changed = |at: usize, bytes: &[u8]| {
        let mut changed = whole.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        changed
    };
    let pages = changed(28, &0xffff_fff0_u32.to_be_bytes());
    let cells = changed(4096 + 3, &[0xff, 0xff]);
    let pointers = changed(4096 + 8, &[0x00, 0x01]);
    for bytes in [pages, cells, pointers, whole[..5000].to_vec()] {
        std::fs::write(&file, bytes).unwrap();
        let (report, _) = import_all(&bench, &options).await;
        assert_eq!(
            (counts(&report), rejected(&report)[0].1),
            ((1, 0, 0, 1), "bad_database")
        );
    }
    // One that says that it has a `-wal` is read without one.
    std::fs::write(&file, changed(18, &[2, 2])).unwrap();
    let (report, _) = import_all(&bench, &options).await;
    assert_eq!(counts(&report), (2, 2, 0, 0));
    assert_eq!(files(folder.path()), ["jobs.db"]);
}

fn files(folder: &Path) -> Vec<String> {
    let names = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[on_both]
async fn parts_without_end_are_not_held(bench: TestApp) {
    let statements = [
        "CREATE TABLE jobs (job_id TEXT PRIMARY KEY, status TEXT, total_items INT, \
        processed_items INT, error TEXT, created_at REAL, started_at REAL, completed_at REAL)"
            .into(),
        "CREATE TABLE job_results (id INTEGER PRIMARY KEY, job_id TEXT, item TEXT, success INT, \
        error TEXT, details TEXT)"
            .into(),
        "INSERT INTO jobs VALUES ('a', 'completed', 1, 1, NULL, 1761680500.0, NULL, NULL), ('b', \
        'completed', 1, 1, NULL, 1761680500.0, NULL, NULL)"
            .to_owned(),
        "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 200000) \
         INSERT INTO job_results SELECT n, 'a', 'x', 1, NULL, NULL FROM r"
            .to_owned(),
    ];
    let (_folder, options) = database(&statements).await;
    let (report, _) = import_all(&bench, &options).await;
    assert_eq!(
        (counts(&report), rejected(&report)),
        ((2, 1, 0, 1), vec![("a".to_owned(), "too_large")])
    );

    let items = vec![r#"{"shot_idx": 0}"#; 1_000_000].join(",");
    let record = super::dump::job("c", serde_json::json!({"shots": "@"})).to_string();
    let report = import(
        &bench,
        &Dump::of(record.replace("\"@\"", &format!("[{items}]"))),
    )
    .await;
    assert_eq!(
        (counts(&report), rejected(&report)[0].1),
        ((1, 0, 0, 1), "too_large")
    );
}

#[on_both]
async fn values_of_servers_that_are_too_large_stay_there(bench: TestApp) {
    let store = TestDb::empty(Backend::Postgres).await;
    let conn = store.raw().await;
    for sql in [
        "CREATE TABLE video_generation_jobs (id text, job_type text, status text, content text, \
        created_at timestamp, updated_at timestamp)",
        "INSERT INTO video_generation_jobs SELECT 'pg-' || n, 'x', 'queued', repeat('x', CASE n \
        WHEN 2 THEN 60000000 ELSE 10 END), now(), now() FROM generate_series(1, 3) AS n",
    ] {
        conn.execute_unprepared(sql).await.unwrap();
    }
    conn.close().await.unwrap();
    let (report, _) = import_all(&bench, &Options::new(vec![store.url.clone().into()])).await;
    assert_eq!(
        (counts(&report), rejected(&report)),
        ((3, 2, 0, 1), vec![("pg-2".to_owned(), "too_large")])
    );
    store.tear_down().await;

    let mut redis = TestRedis::empty().await;
    let job = |id: &str| {
        serde_json::json!({"job_id": id, "status": "completed", "total_items": 1, "processed_items": 1, "created_at": 1761670991.0, "results": []}).to_string()
    };
    for id in ["r-1", "r-3"] {
        redis
            .run(&["SET", &format!("comicmaintainer:job:{id}"), &job(id)])
            .await;
    }
    redis
        .run(&["SETRANGE", "comicmaintainer:job:r-2", "60000000", "x"])
        .await;
    let (report, _) = import_all(&bench, &Options::new(vec![redis.url.clone().into()])).await;
    assert_eq!(
        (report.total.imported, rejected(&report)),
        (2, vec![("comicmaintainer:job:r-2".to_owned(), "too_large")])
    );
    redis.run(&["FLUSHDB"]).await;
}
