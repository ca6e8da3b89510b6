//! What a change would drop, before it does.

use super::{dump::schema, up};
use crate::support::TestDb;
use callsheet::db::migrate::{Change, migrate, preview, status};
use sea_orm::ConnectionTrait;

async fn doomed(t: &TestDb, change: Change) -> Vec<(String, i64)> {
    let db = t.connect().await;
    let tables = preview(&db, change).await.unwrap();
    db.close().await.unwrap();
    tables
        .into_iter()
        .map(|doomed| (doomed.table, doomed.rows))
        .collect()
}

#[on_both]
async fn a_preview_names_tables_and_their_rows_and_drops_nothing(t: TestDb) {
    let db = t.connect().await;
    up(&db).await;
    let raw = t.raw().await;
    let series = "INSERT INTO series (id, title, created_at) VALUES ('a', 'A', \
        '2026-01-01T00:00:00+00:00'), ('b', 'B', '2026-01-01T00:00:00+00:00')";
    raw.execute_unprepared(series).await.unwrap();
    let before = schema(&t).await;
    let all = [
        ("series", 2),
        ("episodes", 0),
        ("video_generation_jobs", 0),
        ("job_items", 0),
        ("job_events", 0),
        ("imports", 0),
        ("import_rejects", 0),
        ("active_jobs", 0),
        ("queues", 0),
        ("workers", 0),
        ("job_counts", 0),
        ("job_labels", 0),
        ("job_stats", 0),
        ("positions", 0),
        ("job_actions", 0),
        ("job_action_outcomes", 0),
        ("write_probes", 0),
        ("api_keys", 0),
        ("audit", 0),
        ("sessions", 0),
        ("job_tokens", 0),
        ("schedules", 0),
        ("webhooks", 0),
        ("webhook_deliveries", 0),
        ("archives", 0),
        ("archived_jobs", 0),
        ("servers", 0),
        ("settings", 0),
    ]
    .map(|(table, rows)| (table.to_owned(), rows));
    for change in [
        Change::Reset,
        Change::Refresh,
        Change::Fresh,
        Change::Down { limit: 99 },
    ] {
        assert_eq!(doomed(&t, change).await, all, "{change:?}");
    }
    // Those behind the sixth step, which makes the sixth table.
    let limit = u32::try_from(status(&db).await.unwrap().len() - 6).unwrap();
    assert_eq!(doomed(&t, Change::Down { limit }).await, all[6..]);
    assert_eq!(doomed(&t, Change::Up { limit: None }).await, []);
    assert_eq!(schema(&t).await, before);
    let rows = super::dump::texts(&raw, "SELECT title FROM series ORDER BY 1").await;
    assert_eq!(rows, ["A", "B"]);
}

#[on_both]
async fn an_empty_database_has_nothing_to_drop(t: TestDb) {
    for change in [
        Change::Reset,
        Change::Refresh,
        Change::Fresh,
        Change::Down { limit: 1 },
    ] {
        assert_eq!(doomed(&t, change).await, []);
    }
    let db = t.connect().await;
    assert_eq!(migrate(&db, Change::Reset).await.unwrap(), [""; 0]);
}
