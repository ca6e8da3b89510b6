//! An archive that stops before each of its steps: every job is in exactly one place, and what is
//! left behind is swept.

use super::{archive::files, ended, is_there, nothing, store};
use crate::{
    jobs::unreadable::harm,
    support::{Backend, TestApp},
};
use callsheet::jobs::{ArchiveStep, ArchiveStore, LeasedPolicy, Storage, Then};
use chrono::TimeDelta;
use entity::{JobStatus, archive, archived_job, job_event};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use tempfile::TempDir;

fn stopped(
    t: &TestApp,
    folder: &TempDir,
    stop: impl Fn(ArchiveStep) -> bool + Send + Sync + 'static,
) {
    t.set_storage(Storage {
        keep: nothing(Then::Archive),
        archive: Some(ArchiveStore::folder(folder.path()).stopped_by(stop)),
    });
}

/// Asserts that each job is either in the database or in the archive, and readable there.
pub async fn each_in_one_place(t: &TestApp, ids: &[String]) -> usize {
    let rows = archived_job::Entity::find();
    let rows = rows.all(t.database().read()).await.unwrap();
    let mut archived = 0;
    for id in ids {
        let is_archived = rows
            .iter()
            .any(|row| row.job_id == *id && row.restored_at.is_none());
        assert_ne!(is_there(t, id).await, is_archived, "{id}");
        if is_archived {
            t.get_archived_job(id).await.unwrap();
            archived += 1;
        }
    }
    archived
}

#[on_both]
async fn an_archive_that_stops_before_any_step_loses_and_doubles_nothing(t: TestApp) {
    use ArchiveStep::{Finish, ReadBack, Start, Write};
    for step in [Start, Write, ReadBack, Finish] {
        let folder = store();
        let ids = [
            ended(&t, "film", JobStatus::Completed).await,
            ended(&t, "film", JobStatus::Failed).await,
        ];
        stopped(&t, &folder, move |now| now == step);
        assert!(t.run_retention().await.is_err(), "{step:?}");
        assert_eq!(each_in_one_place(&t, &ids).await, 0, "{step:?}");
        let left = files(&folder).len();
        assert_eq!(
            left,
            usize::from(matches!(step, ReadBack | Finish)),
            "{step:?}"
        );
        t.clock.advance(TimeDelta::hours(2));
        stopped(&t, &folder, |_| false);
        assert_eq!(t.run_retention().await.unwrap().archived, 2, "{step:?}");
        assert_eq!(each_in_one_place(&t, &ids).await, 2, "{step:?}");
        assert_eq!(
            files(&folder).len(),
            2,
            "{step:?}: one object for each status"
        );
        assert_eq!(t.verify_archives().await.unwrap().findings.len(), 0);
        // The next round begins anew.
        for id in &ids {
            t.restore_job(id).await.unwrap();
            t.delete_job(id, None).await.unwrap();
        }
        for row in archive::Entity::find()
            .all(t.database().read())
            .await
            .unwrap()
        {
            use sea_orm::ModelTrait;
            row.delete(t.database().read()).await.unwrap();
        }
    }
}

#[on_both]
async fn a_job_that_is_changed_while_its_object_is_written_stays(t: TestApp) {
    let folder = store();
    let changed = ended(&t, "film", JobStatus::Failed).await;
    let other = ended(&t, "film", JobStatus::Failed).await;
    let (tell, told) = std::sync::mpsc::channel::<()>();
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let gone = std::sync::Mutex::new(gone);
    stopped(&t, &folder, move |step| {
        if step == ArchiveStep::ReadBack {
            tell.send(()).unwrap();
            gone.lock().unwrap().recv().unwrap();
        }
        false
    });
    let running = tokio::spawn({
        let t = t.clone();
        async move { t.run_retention().await }
    });
    tokio::task::spawn_blocking(move || told.recv().unwrap())
        .await
        .unwrap();
    t.retry_job(&changed, None).await.unwrap();
    go.send(()).unwrap();
    assert_eq!(running.await.unwrap().unwrap().archived, 1);
    assert!(is_there(&t, &changed).await && !is_there(&t, &other).await);
    assert_eq!(each_in_one_place(&t, &[changed, other]).await, 1);
}

#[on_both]
async fn an_object_without_jobs_goes_at_once(t: TestApp) {
    let folder = store();
    let id = ended(&t, "film", JobStatus::Failed).await;
    let (tell, told) = std::sync::mpsc::channel::<()>();
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let gone = std::sync::Mutex::new(gone);
    stopped(&t, &folder, move |step| {
        if step == ArchiveStep::Finish {
            tell.send(()).unwrap();
            gone.lock().unwrap().recv().unwrap();
        }
        false
    });
    let running = tokio::spawn({
        let t = t.clone();
        async move { t.run_retention().await }
    });
    tokio::task::spawn_blocking(move || told.recv().unwrap())
        .await
        .unwrap();
    t.retry_job(&id, None).await.unwrap();
    go.send(()).unwrap();
    assert_eq!(running.await.unwrap().unwrap().archived, 0);
    assert_eq!(files(&folder).len(), 0);
    let rows = archive::Entity::find().all(t.database().read()).await;
    assert_eq!(rows.unwrap(), []);
}

#[on_both]
async fn an_archive_that_was_swept_while_it_was_slow_moves_nothing(t: TestApp) {
    let folder = store();
    let id = ended(&t, "film", JobStatus::Failed).await;
    let (tell, told) = std::sync::mpsc::channel::<()>();
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let gone = std::sync::Mutex::new(gone);
    stopped(&t, &folder, move |step| {
        if step == ArchiveStep::Finish {
            tell.send(()).unwrap();
            gone.lock().unwrap().recv().unwrap();
        }
        false
    });
    let running = tokio::spawn({
        let t = t.clone();
        async move { t.run_retention().await }
    });
    tokio::task::spawn_blocking(move || told.recv().unwrap())
        .await
        .unwrap();
    t.clock.advance(TimeDelta::hours(2));
    assert_eq!(t.sweep_archives().await.unwrap(), 1);
    go.send(()).unwrap();
    assert_eq!(running.await.unwrap().unwrap().archived, 0);
    assert!(is_there(&t, &id).await);
    assert_eq!(files(&folder).len(), 0);
}

#[on_both]
async fn a_job_with_a_row_that_cannot_be_read_stays_in_the_database(t: TestApp) {
    let folder = store();
    let ids = [
        ended(&t, "film", JobStatus::Completed).await,
        ended(&t, "film", JobStatus::Completed).await,
    ];
    let odd = match t.db.backend {
        Backend::Sqlite => "created_at = 'no time'",
        Backend::Postgres => "created_at = 'infinity'",
    };
    let harmed = &ids[0];
    let sql = format!("UPDATE job_events SET {odd} WHERE job_id = '{harmed}' AND seq = 1");
    harm(&t, &sql).await;
    let rows = count_events(&t, harmed).await;
    stopped(&t, &folder, |_| false);
    assert_eq!(t.run_retention().await.unwrap().archived, 1);
    assert_eq!(each_in_one_place(&t, &ids).await, 1);
    assert_eq!(
        count_events(&t, harmed).await,
        rows,
        "nothing of it is gone"
    );
}

async fn count_events(t: &TestApp, id: &str) -> u64 {
    let events = job_event::Entity::find().filter(job_event::Column::JobId.eq(id));
    events.count(t.database().read()).await.unwrap()
}

#[on_both]
async fn a_folder_that_lacks_the_newest_object_gets_no_other(t: TestApp) {
    let (folder, empty) = (store(), store());
    let first = ended(&t, "film", JobStatus::Completed).await;
    stopped(&t, &folder, |_| false);
    assert_eq!(t.run_retention().await.unwrap().archived, 1);
    let second = ended(&t, "film", JobStatus::Completed).await;
    stopped(&t, &empty, |_| false);
    let error = t.run_retention().await.unwrap_err().to_string();
    assert!(error.contains("is its disk mounted"), "{error}");
    assert_eq!(files(&empty).len(), 0);
    assert!(is_there(&t, &second).await);
    stopped(&t, &folder, |_| false);
    assert_eq!(t.run_retention().await.unwrap().archived, 1);
    assert_eq!(each_in_one_place(&t, &[first, second]).await, 2);
}

#[on_both]
async fn a_restored_backup_forgets_what_was_being_archived_and_removes_no_object(t: TestApp) {
    let folder = store();
    let ids = [ended(&t, "film", JobStatus::Completed).await];
    stopped(&t, &folder, |step| step == ArchiveStep::Finish);
    assert!(t.run_retention().await.is_err());
    assert_eq!(files(&folder).len(), 1);
    t.release_restored(LeasedPolicy::Keep).await.unwrap();
    t.clock.advance(TimeDelta::hours(2));
    stopped(&t, &folder, |_| false);
    assert_eq!(t.run_retention().await.unwrap().archived, 1);
    assert_eq!(
        files(&folder).len(),
        2,
        "that of the backup and the new one"
    );
    assert_eq!(each_in_one_place(&t, &ids).await, 1);
}
