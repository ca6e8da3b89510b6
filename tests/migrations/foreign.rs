//! Tables that Callsheet did not make.

use super::{UP, dump::schema, dump::texts, refused, up};
use crate::support::TestDb;
use callsheet::db::{
    MigrateError,
    migrate::{Change, migrate, preview},
};
use sea_orm::ConnectionTrait;

const CHANGES: [Change; 5] = [
    UP,
    Change::Down { limit: 99 },
    Change::Reset,
    Change::Refresh,
    Change::Fresh,
];

#[on_both]
async fn a_jobs_table_of_another_service_is_refused_and_left_untouched(t: TestDb) {
    let raw = t.raw().await;
    raw.execute_unprepared(
        "CREATE TABLE video_generation_jobs (id VARCHAR(36) PRIMARY KEY, status VARCHAR(50))",
    )
    .await
    .unwrap();
    raw.execute_unprepared("INSERT INTO video_generation_jobs VALUES ('old', 'done')")
        .await
        .unwrap();
    let before = schema(&t).await;
    let db = t.connect().await;
    for change in CHANGES {
        let error = refused(&db, change).await;
        assert!(
            matches!(error, MigrateError::Foreign(_)),
            "{change:?}: {error:?}"
        );
        assert!(error.to_string().contains("`callsheet import`"), "{error}");
        assert!(preview(&db, change).await.is_err(), "{change:?}");
    }
    assert_eq!(schema(&t).await, before);
    assert_eq!(
        texts(&raw, "SELECT id FROM video_generation_jobs").await,
        ["old"]
    );
}

#[on_both]
async fn a_jobs_table_of_another_service_beside_our_first_steps_is_refused(t: TestDb) {
    let db = t.connect().await;
    migrate(&db, Change::Up { limit: Some(2) }).await.unwrap();
    let raw = t.raw().await;
    raw.execute_unprepared("CREATE TABLE video_generation_jobs (id VARCHAR(36) PRIMARY KEY)")
        .await
        .unwrap();
    raw.execute_unprepared("INSERT INTO video_generation_jobs VALUES ('old')")
        .await
        .unwrap();
    for change in CHANGES {
        let error = refused(&db, change).await;
        assert!(
            matches!(error, MigrateError::Foreign(_)),
            "{change:?}: {error:?}"
        );
    }
    assert_eq!(
        texts(&raw, "SELECT id FROM video_generation_jobs").await,
        ["old"]
    );
}

#[on_both]
async fn fresh_leaves_the_tables_of_others_alone(t: TestDb) {
    let db = t.connect().await;
    up(&db).await;
    let raw = t.raw().await;
    for table in ["customers", "seaql_migrations", "job_events_archive"] {
        raw.execute_unprepared(&format!("CREATE TABLE {table} (name VARCHAR(20))"))
            .await
            .unwrap();
        raw.execute_unprepared(&format!("INSERT INTO {table} VALUES ('kept')"))
            .await
            .unwrap();
    }
    raw.execute_unprepared(
        "INSERT INTO series (id, title, created_at) VALUES ('s', 'gone', \
        '2026-01-01T00:00:00+00:00')",
    )
    .await
    .unwrap();
    let before = schema(&t).await;
    migrate(&db, Change::Fresh).await.unwrap();
    assert_eq!(schema(&t).await, before);
    for table in ["customers", "seaql_migrations", "job_events_archive"] {
        assert_eq!(
            texts(&raw, &format!("SELECT name FROM {table}")).await,
            ["kept"]
        );
    }
    assert_eq!(texts(&raw, "SELECT title FROM series").await, [""; 0]);
}

#[on_both]
async fn fresh_drops_nothing_from_a_database_that_callsheet_never_migrated(t: TestDb) {
    let raw = t.raw().await;
    raw.execute_unprepared("CREATE TABLE series (name VARCHAR(20))")
        .await
        .unwrap();
    raw.execute_unprepared("INSERT INTO series VALUES ('Somebody''s own')")
        .await
        .unwrap();
    let db = t.connect().await;
    assert!(preview(&db, Change::Fresh).await.is_err());
    let error = refused(&db, Change::Fresh).await;
    assert!(error.to_string().contains("series"), "{error}");
    assert_eq!(
        texts(&raw, "SELECT name FROM series").await,
        ["Somebody's own"]
    );
}

#[on_both]
async fn fresh_mends_a_schema_that_lost_tables(t: TestDb) {
    let db = t.connect().await;
    up(&db).await;
    let before = schema(&t).await;
    t.raw()
        .await
        .execute_unprepared("DROP TABLE job_items")
        .await
        .unwrap();
    migrate(&db, Change::Fresh).await.unwrap();
    assert_eq!(schema(&t).await, before);
}
