//! Archive and restore: a job comes back byte for byte as it was.

use super::{archive_all, ended, is_there, store};
use crate::{
    import::dump::{Dump, export_text, import},
    import_run::own::{fill, nasty},
    support::{Fixture, TestApp, any_job, refusal},
};
use callsheet::jobs::{
    ArchiveStore, Counts, Filter, Guard, Heartbeat, ItemReport, NewItem, NewJob, Storage, Then,
};
use chrono::TimeDelta;
use entity::{ItemStatus, JobStatus, job_stat};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::json;
use std::{collections::BTreeSet, io::Read};
use tempfile::TempDir;

/// Jobs with items, labels, log lines and odd texts, all of them ended.
pub async fn ended_jobs(t: &TestApp, jobs: usize) -> Vec<String> {
    let ids: Vec<String> = (0..jobs).map(|n| format!("done-{n:05}")).collect();
    for (n, id) in ids.iter().enumerate() {
        let item = |key: &str| NewItem {
            key: key.to_owned(),
            input: Some(nasty()),
        };
        t.create(NewJob {
            job_id: Some(id.clone()),
            content: Some(format!("Schnee ❄ {n} \u{202e}\u{fffd} 🎻")),
            request_data: nasty().as_object().cloned(),
            labels: [("team".to_owned(), format!("t\\\"{}", n % 7))].into(),
            items: vec![item("one"), item("two")],
            ..any_job()
        })
        .await;
        t.start(id).await;
        t.lease(id, t.now() + TimeDelta::hours(1)).await;
        let report = ItemReport {
            key: Some("one".into()),
            idx: None,
            status: ItemStatus::Completed,
            result: Some(json!({"path": "/media/ä.mp4"})),
            error: None,
        };
        let beat = Heartbeat {
            log: vec!["took 41 s".to_owned(), "ok \u{1b}[0m".to_owned()],
            items: vec![report],
            ..Heartbeat::default()
        };
        t.heartbeat(id, "token", beat).await.unwrap();
        let result = nasty().as_object().cloned();
        t.mark_completed(id, result, Guard::lease("token"))
            .await
            .unwrap();
    }
    ids
}

/// Ids of the archived jobs.
pub async fn archived_ids(t: &TestApp) -> BTreeSet<String> {
    let rows = entity::archived_job::Entity::find();
    let rows = rows.all(t.database().read()).await.unwrap();
    let rows = rows.into_iter().filter(|row| row.restored_at.is_none());
    rows.map(|row| row.job_id).collect()
}

/// Number of archived jobs.
pub async fn archived_jobs(t: &TestApp) -> usize {
    archived_ids(t).await.len()
}

/// Paths of all files in the folder.
pub fn files(folder: &TempDir) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

async fn stats(t: &TestApp) -> Vec<job_stat::Model> {
    t.roll_up_stats().await.unwrap();
    let rows = job_stat::Entity::find()
        .order_by_asc(job_stat::Column::Unit)
        .order_by_asc(job_stat::Column::Start)
        .order_by_asc(job_stat::Column::JobType);
    rows.all(t.database().read()).await.unwrap()
}

#[on_both]
async fn an_archived_job_comes_back_byte_for_byte(t: TestApp) {
    let folder = store();
    fill(&t).await;
    ended_jobs(&t, 300).await;
    let (before, counted) = (export_text(&t).await, stats(&t).await);
    let counts = t.count_jobs(&Filter::default()).await.unwrap();
    archive_all(&t, &folder);
    let run = t.run_retention().await.unwrap();
    let gone = counts.completed + counts.failed + counts.cancelled;
    assert_eq!((run.archived, run.deleted), (gone, 0));
    let left = t.count_jobs(&Filter::default()).await.unwrap();
    let alive = Counts {
        completed: 0,
        failed: 0,
        cancelled: 0,
        ..counts
    };
    assert_eq!(left, alive);
    let ids = archived_ids(&t).await;
    assert_eq!(ids.len() as u64, gone);
    assert_eq!(stats(&t).await, counted, "the statistics keep them");
    for id in &ids {
        let job = t.restore_job(id).await.unwrap();
        assert_eq!(&job.id, id);
    }
    assert_eq!(stats(&t).await, counted, "no event counts twice");
    assert_eq!(t.count_jobs(&Filter::default()).await.unwrap(), counts);
    let after = export_text(&t).await;
    for (before, after) in before.lines().zip(after.lines()) {
        assert_eq!(before, after);
    }
    assert_eq!(before, after);
    assert_eq!(archived_ids(&t).await, BTreeSet::new());
}

#[on_both]
async fn a_restored_job_is_kept_for_its_time_again_and_can_be_changed(t: TestApp) {
    let folder = store();
    let id = ended(&t, "film", JobStatus::Failed).await;
    let rule = callsheet::jobs::KeepRule {
        failed: super::days(30),
        then: Then::Archive,
        ..Default::default()
    };
    t.set_storage(Storage {
        keep: rule,
        archive: Some(ArchiveStore::folder(folder.path())),
    });
    t.clock.advance(TimeDelta::days(31));
    assert_eq!(t.run_retention().await.unwrap().archived, 1);
    t.restore_job(&id).await.unwrap();
    t.clock.advance(TimeDelta::days(29));
    assert_eq!(t.run_retention().await.unwrap().archived, 0);
    t.clock.advance(TimeDelta::days(2));
    assert_eq!(t.run_retention().await.unwrap().archived, 1);
    t.restore_job(&id).await.unwrap();
    let again = t.restore_job(&id).await.unwrap();
    let retried = t.retry_job(&id, None).await.unwrap();
    assert_eq!(retried.version, again.version + 1);
    t.cancel_job(&id, None, None).await.unwrap();
    t.delete_job(&id, None).await.unwrap();
    refusal(t.get_job(&id).await, "job_not_found");
    refusal(t.restore_job(&id).await, "job_not_found");
}

#[on_both]
async fn calls_that_change_an_archived_job_say_that_it_is_archived(t: TestApp) {
    let folder = store();
    let id = t.named("film-1").await.id;
    t.cancel_job(&id, None, None).await.unwrap();
    archive_all(&t, &folder);
    t.run_retention().await.unwrap();
    refusal(t.get_job(&id).await, "job_archived");
    refusal(t.view_job(&id, 0).await.map(|_| ()), "job_archived");
    refusal(t.retry_job(&id, None).await, "job_archived");
    refusal(t.delete_job(&id, None).await, "job_archived");
    refusal(
        t.update_job(&id, Default::default(), None).await,
        "job_archived",
    );
    refusal(t.list_events(&id, None, 10).await, "job_archived");
    refusal(t.list_items(&id, None, 10).await, "job_archived");
    refusal(
        t.retry_failed_items(&id, None).await.map(|_| ()),
        "job_archived",
    );
    refusal(t.undo_job(&id, None).await, "job_archived");
    let title = || Some("Film".to_owned());
    refusal(t.set_active_job("me", &id, title()).await, "job_archived");
    let archived = t.get_archived_job(&id).await.unwrap();
    assert_eq!(archived.record.job.status, JobStatus::Cancelled);
    assert_eq!(archived.archived_at, t.now());
    refusal(
        t.get_archived_job("other").await.map(|_| ()),
        "job_not_found",
    );
}

#[on_both]
async fn the_id_of_an_archived_job_is_taken(t: TestApp) {
    let folder = store();
    t.named("film-1").await;
    t.cancel_job("film-1", None, None).await.unwrap();
    let exported = export_text(&t).await;
    archive_all(&t, &folder);
    t.run_retention().await.unwrap();
    let new = || NewJob {
        job_id: Some("film-1".into()),
        ..any_job()
    };
    refusal(t.create_job(new(), None).await.map(|_| ()), "job_exists");
    let free = NewJob {
        job_id: Some("film-2".into()),
        ..any_job()
    };
    let made = t.create_jobs(vec![new(), free], None).await.unwrap();
    let codes: Vec<_> = made
        .iter()
        .map(|one| one.as_ref().map(|_| ()).map_err(|error| error.code()))
        .collect();
    assert_eq!(codes, [Err("job_exists"), Ok(())]);
    // An import neither brings it in a second time, nor loses it.
    let report = import(&t, &Dump::of(&exported)).await;
    assert_eq!(report.total.imported, 0);
    assert_eq!(archived_ids(&t).await, ["film-1".to_owned()].into());
    t.restore_job("film-1").await.unwrap();
    assert_eq!(t.count_jobs(&Filter::default()).await.unwrap().cancelled, 1);
}

#[on_both]
async fn an_object_decodes_to_an_export_that_an_import_reads(t: TestApp) {
    let folder = store();
    ended_jobs(&t, 40).await;
    let exported = export_text(&t).await;
    archive_all(&t, &folder);
    assert_eq!(t.run_retention().await.unwrap().archived, 40);
    let files = files(&folder);
    assert_eq!(files.len(), 1, "{files:?}");
    let name = files[0].strip_prefix(folder.path()).unwrap();
    assert!(name.starts_with("2026/01"), "{name:?}");
    let mut text = String::new();
    let file = std::fs::File::open(&files[0]).unwrap();
    let mut decoder = zstd::stream::read::Decoder::new(file).unwrap();
    decoder.read_to_string(&mut text).unwrap();
    assert_eq!(text, exported);
    // The import reads the object itself, in another database.
    let other = TestApp::set_up(t.db.backend).await;
    let options = callsheet::import::Options::new(vec![files[0].clone()]);
    crate::import::dump::import_all(&other, &options).await;
    assert_eq!(export_text(&other).await, exported);
    other.tear_down().await;
}

#[on_both]
async fn objects_are_listed_with_the_jobs_that_are_still_in_them(t: TestApp) {
    let folder = store();
    let ids = ended_jobs(&t, 3).await;
    archive_all(&t, &folder);
    t.run_retention().await.unwrap();
    t.restore_job(&ids[1]).await.unwrap();
    assert!(is_there(&t, &ids[1]).await);
    let (rows, next) = t.list_archives(None, 10).await.unwrap();
    assert_eq!(next, None);
    let [row] = rows.as_slice() else {
        panic!("{rows:?}")
    };
    assert_eq!((row.row.jobs, row.archived), (3, 2));
    let bytes = files(&folder)[0].metadata().unwrap().len();
    assert_eq!(row.row.bytes.unsigned_abs(), bytes);
}
