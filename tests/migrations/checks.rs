//! What the database refuses whoever writes, past all of Callsheet.

use crate::support::{Backend, TestApp};
use callsheet::jobs::NewEpisode;
use sea_orm::ConnectionTrait;

#[on_both]
async fn the_database_holds_the_invariants_itself(t: TestApp) {
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
        "version = 9007199254740993",
        "version = 9223372036854775807",
        "attempt = 1000001",
        "attempt = 2147483647",
        "series_id = 'nowhere'",
        "episode_id = 'nowhere'",
    ];
    for set in jobs {
        let outcome = raw
            .execute_unprepared(&format!("UPDATE video_generation_jobs SET {set}"))
            .await;
        assert!(outcome.is_err(), "{set} was let in");
    }
    let others = [
        "UPDATE job_items SET status = 'done'",
        "UPDATE job_items SET idx = -1",
        "UPDATE job_items SET job_id = 'nowhere'",
        "UPDATE job_items SET idx = 1000000",
        "UPDATE job_items SET attempt = -1",
        "UPDATE job_items SET attempt = 2147483647",
        "UPDATE job_events SET seq = 0",
        "UPDATE job_events SET seq = 9223372036854775807",
        "UPDATE job_events SET progress = 101",
        "UPDATE job_events SET seconds = -1",
        "INSERT INTO job_events (job_id, seq, kind, status, progress, total_shots, completed_shots, created_at) \
         SELECT job_id, seq, kind, status, progress, total_shots, completed_shots, created_at FROM job_events",
    ];
    for sql in others {
        assert!(
            raw.execute_unprepared(sql).await.is_err(),
            "{sql} was let in"
        );
    }
    let times: [(&str, &[&str]); 6] = [
        (
            "video_generation_jobs",
            &[
                "created_at",
                "updated_at",
                "run_at",
                "started_at",
                "cancel_requested_at",
                "status_since",
            ],
        ),
        (
            "job_items",
            &["created_at", "updated_at", "started_at", "completed_at"],
        ),
        ("job_events", &["created_at"]),
        ("series", &["created_at"]),
        ("episodes", &["created_at"]),
        ("active_jobs", &["created_at"]),
    ];
    t.series("one").await;
    t.create_episode(
        NewEpisode {
            series_id: None,
            title: None,
            number: None,
        },
        None,
    )
    .await
    .unwrap();
    t.set_active_job("client", &job.id, None).await.unwrap();
    let beyond: &[&str] = match t.db.backend {
        Backend::Sqlite => &[
            "'+12000-01-01T00:00:00+00:00'",
            "'-0005-01-01T00:00:00+00:00'",
            "x'00'",
            "'soon'",
        ],
        Backend::Postgres => &[
            "'12000-01-01'",
            "'0006-01-01 BC'",
            "'infinity'",
            "'-infinity'",
        ],
    };
    for (table, columns) in times {
        for column in columns {
            for time in beyond {
                let sql = format!("UPDATE {table} SET {column} = {time}");
                assert!(
                    raw.execute_unprepared(&sql).await.is_err(),
                    "{sql} was let in"
                );
            }
        }
    }
    assert_eq!(t.whole(&job.id).await, before);
}

#[on_both]
async fn the_items_of_a_deleted_row_go_with_it(t: TestApp) {
    let job = t.with_items(&["a", "b"]).await;
    t.db.raw()
        .await
        .execute_unprepared("DELETE FROM video_generation_jobs")
        .await
        .unwrap();
    let whole = t.whole(&job.id).await;
    assert_eq!((whole.items.len(), whole.kinds()), (0, vec!["created"]));
}
