//! A SQLite file that is moved, deleted or replaced under a server.

use crate::support::{Backend, TestApp, any_job, refusal, run};
use callsheet::db::sqlite_file;
use std::{fs, path::PathBuf};

fn file(t: &TestApp) -> PathBuf {
    sqlite_file(&t.db.url).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_refused_while_the_database_file_is_away_and_made_when_it_is_back() {
    run(Backend::Sqlite, |t: TestApp| async move {
        let (path, away) = (file(&t), file(&t).with_extension("away"));
        let before = t.queued().await.id;
        assert!(t.database().ready().await.is_ok());
        fs::rename(&path, &away).unwrap();
        let error = refusal(t.create_job(any_job(), None).await, "database_unavailable");
        assert!(error.to_string().contains("moved or deleted"), "{error}");
        assert!(
            !path.exists(),
            "nothing makes an empty database in its place"
        );
        fs::rename(&away, &path).unwrap();
        let after = t.queued().await.id;
        let jobs = t.another().await;
        for id in [before, after] {
            assert_eq!(jobs.get_job(&id).await.unwrap().id, id);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_file_that_was_replaced_takes_no_changes_of_the_server_that_opened_the_other() {
    run(Backend::Sqlite, |t: TestApp| async move {
        let path = file(&t);
        let copy = path.with_extension("copy");
        t.queued().await;
        fs::copy(&path, &copy).unwrap();
        fs::rename(&copy, &path).unwrap();
        for _ in 0..3 {
            refusal(t.create_job(any_job(), None).await, "database_unavailable");
        }
        refusal(t.database().ready().await, "database_unavailable");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_write_ahead_log_takes_no_changes() {
    run(Backend::Sqlite, |t: TestApp| async move {
        t.queued().await;
        let mut log = file(&t).into_os_string();
        log.push("-wal");
        fs::remove_file(log).unwrap();
        for _ in 0..3 {
            let error = refusal(t.create_job(any_job(), None).await, "database_unavailable");
            assert!(error.to_string().contains("moved or deleted"), "{error}");
        }
        refusal(t.database().ready().await, "database_unavailable");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_in_place_of_the_database_file_takes_no_changes() {
    run(Backend::Sqlite, |t: TestApp| async move {
        let (path, elsewhere) = (file(&t), file(&t).with_extension("elsewhere"));
        t.queued().await;
        fs::rename(&path, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        refusal(t.create_job(any_job(), None).await, "database_unavailable");
    })
    .await;
}
