//! The step that gives the labels a table, on jobs that are there before it.

use super::{dump::texts, up};
use crate::support::TestDb;
use callsheet::db::migrate::{Change, migrate, status};
use sea_orm::ConnectionTrait;

on_both!(labels_of_jobs_that_were_there_before_are_found_also_where_a_stranger_named_one_twice);
async fn labels_of_jobs_that_were_there_before_are_found_also_where_a_stranger_named_one_twice(t: TestDb) {
    let db = t.connect().await;
    let before = status(&db).await.unwrap().iter().position(|step| step.name == "m0022_job_labels").unwrap();
    migrate(&db, Change::Up { limit: Some(u32::try_from(before).unwrap()) }).await.unwrap();
    let raw = t.raw().await;
    for (id, labels) in [("a", r#"{"team": "red"}"#), ("b", r#"{"team": "red", "team": "red"}"#), ("c", "[]")] {
        let sql = format!(
            "INSERT INTO video_generation_jobs (id, job_type, status, labels, created_at, updated_at) VALUES \
             ('{id}', 'idea2video', 'queued', '{labels}', '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00')"
        );
        raw.execute_unprepared(&sql).await.unwrap();
    }
    up(&db).await;
    let kept = "SELECT job_id || ' ' || label_key || '=' || label_value FROM job_labels ORDER BY 1";
    assert_eq!(texts(&raw, kept).await, ["a team=red", "b team=red"]);
    raw.close().await.unwrap();
    db.close().await.unwrap();
}
