//! Tables that the database itself derives from the jobs, when their steps are undone and applied
//! again.

use super::{dump::texts, up};
use crate::support::TestDb;
use callsheet::db::migrate::{Change, migrate, status};
use sea_orm::ConnectionTrait;

#[on_both]
async fn counts_and_labels_that_were_undone_come_back_from_the_jobs(t: TestDb) {
    let db = t.connect().await;
    up(&db).await;
    let raw = t.raw().await;
    // Another program may name a label twice, and may set labels that are no object.
    for (id, labels) in [
        ("a", r#"{"team": "red"}"#),
        ("b", r#"{"team": "red", "team": "red"}"#),
        ("c", "[]"),
    ] {
        let sql = format!(
            "INSERT INTO video_generation_jobs (id, job_type, status, labels, created_at, updated_at) VALUES \
             ('{id}', 'idea2video', 'queued', '{labels}', '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00')"
        );
        raw.execute_unprepared(&sql).await.unwrap();
    }
    let counts = "SELECT job_type || ' ' || status || ' ' || CAST(SUM(jobs) AS VARCHAR(20)) FROM job_counts \
                  GROUP BY job_type, status";
    let labels =
        "SELECT job_id || ' ' || label_key || '=' || label_value FROM job_labels ORDER BY 1";
    for _ in 0..2 {
        assert_eq!(texts(&raw, counts).await, ["idea2video queued 3"]);
        assert_eq!(texts(&raw, labels).await, ["a team=red", "b team=red"]);
        let steps = status(&db).await.unwrap();
        let first = steps
            .iter()
            .position(|step| step.name.ends_with("_job_counts"))
            .unwrap();
        migrate(
            &db,
            Change::Down {
                limit: u32::try_from(steps.len() - first).unwrap(),
            },
        )
        .await
        .unwrap();
        up(&db).await;
    }
    raw.close().await.unwrap();
    db.close().await.unwrap();
}
