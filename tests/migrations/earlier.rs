//! Databases of earlier builds, which had other steps.

use super::{UP, dump::schema, dump::texts, refused, up};
use crate::support::{Backend, TestDb};
use callsheet::db::{
    MigrateError,
    migrate::{Change, migrate, preview, status},
};
use sea_orm::ConnectionTrait;

const CHANGES: [Change; 6] = [
    UP,
    Change::Up { limit: Some(1) },
    Change::Down { limit: 1 },
    Change::Reset,
    Change::Refresh,
    Change::Fresh,
];

/// The steps that there were before one for each table.
const OLD_STEPS: [&str; 23] = [
    "m0001_series",
    "m0002_episodes",
    "m0003_video_generation_jobs",
    "m0004_job_items",
    "m0005_job_events",
    "m0006_imports",
    "m0007_import_rejects",
    "m0008_active_jobs",
    "m0009_import_progress",
    "m0010_history",
    "m0011_queues",
    "m0012_workers",
    "m0013_claims",
    "m0014_job_counts",
    "m0015_fill",
    "m0016_job_stats",
    "m0017_positions",
    "m0018_job_actions",
    "m0019_job_action_outcomes",
    "m0020_import_report",
    "m0021_action_keys",
    "m0022_job_labels",
    "m0023_write_probes",
];

/// Makes the database one of an earlier build that has applied these steps, with a row.
async fn make_earlier(t: &TestDb, old_steps: &[&str], new_steps: u32) {
    let db = t.connect().await;
    migrate(
        &db,
        Change::Up {
            limit: Some(new_steps),
        },
    )
    .await
    .unwrap();
    db.close().await.unwrap();
    let raw = t.raw().await;
    raw.execute_unprepared("DELETE FROM callsheet_migrations")
        .await
        .unwrap();
    for step in old_steps {
        let applied = format!(
            "INSERT INTO callsheet_migrations (version, applied_at) VALUES ('{step}', 1795700000)"
        );
        raw.execute_unprepared(&applied).await.unwrap();
    }
    let row = "INSERT INTO series (id, title, created_at) VALUES ('s', 'Cats', \
        '2026-11-01T00:00:00+00:00')";
    raw.execute_unprepared(row).await.unwrap();
    raw.close().await.unwrap();
}

/// The same with all steps.
pub async fn make_all_earlier(t: &TestDb) {
    make_earlier(t, &OLD_STEPS, u32::MAX).await;
}

/// The schema, the applied steps and the rows.
async fn contents(t: &TestDb) -> (String, Vec<String>, Vec<String>) {
    let raw = t.raw().await;
    let steps = texts(&raw, "SELECT version FROM callsheet_migrations ORDER BY 1").await;
    let rows = texts(&raw, "SELECT title FROM series").await;
    raw.close().await.unwrap();
    (schema(t).await, steps, rows)
}

fn assert_earlier(error: &MigrateError, step: &str) {
    let sentence = error.to_string();
    assert!(matches!(error, MigrateError::Earlier(_)), "{error:?}");
    for part in [
        "made by an earlier build",
        step,
        "`callsheet export`",
        "`callsheet import`",
        "a new database",
    ] {
        assert!(sentence.contains(part), "{part}: {sentence}");
    }
}

/// Every change, preview and status has to be refused because of the step, and to change nothing.
async fn assert_refused(t: &TestDb, step: &str) {
    let before = contents(t).await;
    let db = t.connect().await;
    for change in CHANGES {
        assert_earlier(&refused(&db, change).await, step);
        assert_earlier(&preview(&db, change).await.err().unwrap(), step);
    }
    assert_earlier(&status(&db).await.err().unwrap(), step);
    db.close().await.unwrap();
    assert_eq!(contents(t).await, before);
}

#[on_both]
async fn a_database_of_an_earlier_build_is_refused_and_left_untouched(t: TestDb) {
    make_all_earlier(&t).await;
    assert_refused(&t, "m0023_write_probes").await;
}

#[on_both]
async fn the_first_steps_of_an_earlier_build_are_not_taken_for_ours(t: TestDb) {
    make_earlier(&t, &OLD_STEPS[..2], 2).await;
    assert_refused(&t, "m0002_episodes").await;
}

#[on_both]
async fn a_step_that_has_been_replaced_since_is_of_an_earlier_build(t: TestDb) {
    let db = t.connect().await;
    let steps = up(&db).await;
    db.close().await.unwrap();
    let mut names: Vec<_> = steps.iter().map(String::as_str).collect();
    names[2] = "s0003_before";
    make_earlier(&t, &names, u32::MAX).await;
    assert_refused(&t, "s0003_before").await;
}

#[tokio::test]
async fn a_file_of_an_earlier_build_stays_as_it_is_to_the_byte() {
    let t = TestDb::empty(Backend::Sqlite).await;
    let raw = t.raw().await;
    raw.execute_unprepared(include_str!("../data/earlier/nine_steps.sql"))
        .await
        .unwrap();
    raw.close().await.unwrap();
    let file = t.url.strip_prefix("sqlite://").unwrap();
    let before = std::fs::read(file).unwrap();
    assert_refused(&t, "m0009_import_progress").await;
    assert!(
        std::fs::read(file).unwrap() == before,
        "the file was changed"
    );
}
