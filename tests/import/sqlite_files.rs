//! SQLite files of a store, with changes that are pending beside them, with damage and with odd
//! rows.

use super::{
    dump::{Dump, counts, export_jobs, import, import_all, rejected, sample},
    kept_as_it_was::{Bytes, Copy},
    truth::differences,
};
use crate::support::{Backend, TestApp, TestDb};
use callsheet::import::Options;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use std::path::Path;

pub async fn open(file: &Path) -> DatabaseConnection {
    sea_orm::Database::connect(format!("sqlite://{}?mode=rwc", file.display()))
        .await
        .unwrap()
}

#[on_both]
async fn changes_that_wait_in_a_wal_come_along(bench: TestApp) {
    let work = Copy::of(&sample("comic"));
    let conn = open(&work.path.join("jobs.db")).await;
    let late = "INSERT INTO jobs VALUES ('late', 'completed', 1, 1, NULL, 1761680500.0, \
        1761680500.5, 1761680501.0)";
    for sql in [
        "PRAGMA wal_autocheckpoint = 0",
        late,
        "INSERT INTO job_results (job_id, item, success) VALUES ('late', 'x.cbz', 1)",
    ] {
        conn.execute_unprepared(sql).await.unwrap();
    }
    // What a process leaves that is killed: the database and its `-wal`, but not closed.
    let left = Copy::of(&work.path);
    std::fs::remove_file(left.path.join("jobs.db-shm")).unwrap();
    conn.close().await.unwrap();
    assert!(left.path.join("jobs.db-wal").metadata().unwrap().len() > 0);

    let before = Bytes::of(&left.path);
    let (report, _) = import_all(&bench, &Options::new(vec![left.path.clone()])).await;
    assert_eq!(counts(&report), (10, 9, 0, 1));
    assert_eq!(bench.get_job("late").await.unwrap().completed_shots, 1);
    assert_eq!(Bytes::of(&left.path), before);
}

#[on_both]
async fn a_journal_that_is_hot_is_rolled_back_in_the_copy(bench: TestApp) {
    let work = Copy::of(&sample("vimax_seko.db"));
    let conn = open(&work.path).await;
    for sql in [
        "PRAGMA cache_size = 1",
        "BEGIN",
        "UPDATE video_generation_jobs SET status = 'failed', content = hex(randomblob(3000))",
    ] {
        conn.execute_unprepared(sql).await.unwrap();
    }
    let left = Copy::of(work.path.parent().unwrap());
    conn.execute_unprepared("ROLLBACK").await.unwrap();
    conn.close().await.unwrap();
    assert!(
        left.path
            .join("vimax_seko.db-journal")
            .metadata()
            .unwrap()
            .len()
            > 0
    );
    assert_ne!(
        std::fs::read(left.path.join("vimax_seko.db")).unwrap(),
        std::fs::read(&work.path).unwrap()
    );

    let before = Bytes::of(&left.path);
    import_all(&bench, &Options::new(vec![left.path.join("vimax_seko.db")])).await;
    assert_eq!(
        differences(&sample("vimax_seko.truth.json"), &export_jobs(&bench).await),
        Vec::<String>::new()
    );
    assert_eq!(Bytes::of(&left.path), before);
}

#[on_both]
async fn a_database_that_is_damaged_or_unknown_is_named(bench: TestApp) {
    let whole = std::fs::read(sample("vimax_seko.db")).unwrap();
    let mut holes = whole.clone();
    for page in holes.chunks_mut(4096).skip(1) {
        page.fill(0xa5);
    }
    let own = TestDb::migrated(Backend::Sqlite).await;
    let own = std::fs::read(own.url.strip_prefix("sqlite://").unwrap()).unwrap();
    let dumps = [
        Dump::of(&whole[..100]),
        Dump::of(&whole[..whole.len() / 2]),
        Dump::of(holes),
        Dump::of(own),
    ];
    for dump in &dumps {
        let before = Bytes::of(&dump.path);
        let report = import(&bench, dump).await;
        assert_eq!(report.total.rejected, 1);
        assert!(matches!(
            rejected(&report)[0].1,
            "bad_database" | "unknown_shape"
        ));
        assert_eq!(Bytes::of(&dump.path), before);
    }
}

#[on_both]
async fn rows_of_a_table_that_are_odd_are_told_of(bench: TestApp) {
    let work = Copy::of(&sample("vimax_seko.db"));
    let conn = open(&work.path).await;
    conn.execute_unprepared("DELETE FROM video_generation_jobs")
        .await
        .unwrap();
    let row = |id: &str, status: &str, created: &str, result: &str| {
        format!(
            "INSERT INTO video_generation_jobs (id, job_type, status, created_at, result_data) \
            VALUES ({id}, 'x', {status}, {created}, {result})"
        )
    };
    let now = "'2025-01-01 00:00:00.000000'";
    for sql in [
        row("'good'", "'completed'", now, "'{\"total_shots\": 2}'"),
        row("'null-status'", "NULL", now, "NULL"),
        row("'null-time'", "'queued'", "NULL", "NULL"),
        row(&format!("'{}'", "x".repeat(300)), "'queued'", now, "NULL"),
        row("'no-json'", "'completed'", now, "'{\"total_shots\": '"),
        row("'bytes'", "'completed'", now, "x'7b22fffe'"),
        row("7", "'queued'", "1735689600.5", "'null'"),
    ] {
        conn.execute_unprepared(&sql).await.unwrap();
    }
    conn.close().await.unwrap();
    let (report, _) = import_all(&bench, &Options::new(vec![work.path.clone()])).await;
    assert_eq!(counts(&report), (7, 4, 0, 3));
    let wanted = [("null-status", "unknown_status"), ("null-time", "bad_time")];
    assert_eq!(
        rejected(&report)[..2],
        wanted.map(|(key, reason)| (key.to_owned(), reason))
    );
    assert_eq!(rejected(&report)[2].1, "bad_id");
    let kept = bench.get_job("no-json").await.unwrap().context.unwrap();
    assert_eq!(kept["legacy"]["result"], "{\"total_shots\": ");
    assert_eq!(
        bench
            .get_job("7")
            .await
            .unwrap()
            .created_at
            .timestamp_millis(),
        1_735_689_600_500
    );
}

#[on_both]
async fn an_active_job_that_is_gone_is_told_of(bench: TestApp) {
    let work = Copy::of(&sample("comic"));
    let conn = open(&work.path.join("preferences.db")).await;
    conn.execute_unprepared("UPDATE active_job SET job_id = 'gone'")
        .await
        .unwrap();
    conn.close().await.unwrap();
    let (report, _) = import_all(&bench, &Options::new(vec![work.path.clone()])).await;
    assert_eq!(counts(&report), (10, 8, 0, 2));
    let told: Vec<_> = report
        .rejects
        .iter()
        .map(|o| o.file.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(told, ["jobs.db", "preferences.db"]);
    assert_eq!(rejected(&report)[1], ("gone".to_owned(), "orphan"));
}

/// A folder in the place of the journal cannot be copied.
#[on_both]
async fn preferences_that_cannot_be_copied_are_rejected_and_the_jobs_come_in(bench: TestApp) {
    let work = Copy::of(&sample("comic"));
    std::fs::create_dir(work.path.join("preferences.db-wal")).unwrap();
    for source in [work.path.join("jobs.db"), work.path.clone()] {
        let (report, _) = import_all(&bench, &Options::new(vec![source])).await;
        assert_eq!((report.total.found, report.total.rejected), (10, 2));
        let outcome = report.rejects.last().unwrap();
        assert!(outcome.file.ends_with("preferences.db"), "{outcome:?}");
        assert_eq!(rejected(&report)[1].1, "unreadable_file");
    }
}
