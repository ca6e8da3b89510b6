//! What the database refuses whoever writes, past all of Callsheet.

use crate::support::Bench;
use sea_orm::ConnectionTrait;

on_both!(the_database_holds_the_invariants_itself);
async fn the_database_holds_the_invariants_itself(t: Bench) {
    let job = t.with_items(&["a"]).await;
    let before = t.whole(&job.id).await;
    let raw = t.db.raw().await;
    let jobs = [
        "status = 'done'",
        "status = NULL",
        "progress = -1",
        "progress = 101",
        "total_shots = -1",
        "completed_shots = -1",
        "completed_shots = 2",
        "status = 'completed'",
        "completed_at = created_at",
        "lease_token = 'x'",
        "lease_expires_at = created_at",
        "lease_token = 'x', lease_expires_at = created_at",
        "priority = 101",
        "attempt = -1",
        "max_attempts = 0",
        "max_attempts = 101",
        "version = 0",
        "series_id = 'nowhere'",
        "episode_id = 'nowhere'",
    ];
    for set in jobs {
        let outcome = raw.execute_unprepared(&format!("UPDATE video_generation_jobs SET {set}")).await;
        assert!(outcome.is_err(), "{set} was let in");
    }
    let others = [
        "UPDATE job_items SET status = 'done'",
        "UPDATE job_items SET idx = -1",
        "UPDATE job_items SET job_id = 'nowhere'",
        "UPDATE job_events SET seq = 0",
        "INSERT INTO job_events (job_id, seq, kind, status, progress, total_shots, completed_shots, created_at) \
         SELECT job_id, seq, kind, status, progress, total_shots, completed_shots, created_at FROM job_events",
    ];
    for sql in others {
        assert!(raw.execute_unprepared(sql).await.is_err(), "{sql} was let in");
    }
    assert_eq!(t.whole(&job.id).await, before);
}

on_both!(the_items_of_a_deleted_row_go_with_it);
async fn the_items_of_a_deleted_row_go_with_it(t: Bench) {
    let job = t.with_items(&["a", "b"]).await;
    t.db.raw().await.execute_unprepared("DELETE FROM video_generation_jobs").await.unwrap();
    let whole = t.whole(&job.id).await;
    assert_eq!((whole.items.len(), whole.kinds()), (0, vec!["created"]));
}
