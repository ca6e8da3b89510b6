//! The store of the archive: damaged, away, read-only.

use super::{
    archive::{ended_jobs, files},
    archive_all, ended, is_there, store,
};
use crate::support::{TestApp, refusal};
use callsheet::jobs::{ArchiveStore, Storage, Then};
use chrono::TimeDelta;
use entity::{ArchiveState, JobStatus, archive};
use sea_orm::EntityTrait;
use std::{fs, os::unix::fs::PermissionsExt};

#[on_both]
async fn a_damaged_byte_is_found_and_never_gives_a_wrong_job(t: TestApp) {
    let folder = store();
    let ids = ended_jobs(&t, 5).await;
    archive_all(&t, &folder);
    t.run_retention().await.unwrap();
    let sound = t.verify_archives().await.unwrap();
    assert_eq!((sound.archives, sound.jobs), (1, 5));
    assert_eq!(sound.findings, []);
    let file = &files(&folder)[0];
    let whole = fs::read(file).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 40) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(file, &bytes).unwrap();
        let verified = t.verify_archives().await.unwrap();
        let of_jobs = verified
            .findings
            .iter()
            .filter_map(|one| one.job_id.clone());
        let damaged: Vec<String> = of_jobs.collect();
        assert!(!verified.findings.is_empty(), "byte {at}");
        assert_eq!(verified.jobs + damaged.len() as u64, 5, "byte {at}");
        for id in &ids {
            match t.get_archived_job(id).await {
                Ok(job) => assert_eq!(&job.record.job.id, id),
                Err(error) => {
                    assert_eq!(error.code(), "archive_damaged", "byte {at}: {error}");
                    assert!(damaged.contains(id), "byte {at}");
                    refusal(t.restore_job(id).await, "archive_damaged");
                }
            }
        }
    }
    fs::write(file, &whole[..whole.len() - 1]).unwrap();
    assert!(t.verify_archives().await.unwrap().findings.len() >= 2);
    fs::write(file, &whole).unwrap();
    for id in &ids {
        t.restore_job(id).await.unwrap();
    }
}

#[on_both]
async fn while_the_folder_is_away_archived_jobs_are_unavailable_and_others_are_not(t: TestApp) {
    let folder = store();
    let id = ended(&t, "film", JobStatus::Completed).await;
    archive_all(&t, &folder);
    t.run_retention().await.unwrap();
    let other = ended(&t, "film", JobStatus::Completed).await;
    let away = folder.path().with_extension("away");
    fs::rename(folder.path(), &away).unwrap();
    refusal(
        t.get_archived_job(&id).await.map(|_| ()),
        "archive_unavailable",
    );
    refusal(t.restore_job(&id).await, "archive_unavailable");
    refusal(t.verify_archives().await, "archive_unavailable");
    refusal(t.run_retention().await, "archive_unavailable");
    assert!(is_there(&t, &other).await);
    assert!(!folder.path().exists(), "it is not made anew");
    fs::rename(&away, folder.path()).unwrap();
    assert!(t.get_archived_job(&id).await.is_ok());
    assert_eq!(t.run_retention().await.unwrap().archived, 1);
}

#[on_both]
async fn an_object_that_is_gone_is_a_finding(t: TestApp) {
    let folder = store();
    let id = ended(&t, "film", JobStatus::Completed).await;
    archive_all(&t, &folder);
    t.run_retention().await.unwrap();
    let file = &files(&folder)[0];
    fs::rename(file, file.with_file_name("stranger.jsonl.zst")).unwrap();
    refusal(
        t.get_archived_job(&id).await.map(|_| ()),
        "archive_unavailable",
    );
    let verified = t.verify_archives().await.unwrap();
    assert_eq!(verified.findings.len(), 2, "{verified:?}");
    assert!(verified.findings[1].what.contains("another database"));
}

#[on_both]
async fn a_folder_that_takes_no_files_keeps_the_jobs_in_the_database(t: TestApp) {
    let folder = store();
    let id = ended(&t, "film", JobStatus::Completed).await;
    archive_all(&t, &folder);
    // A file stands where the folder of the year belongs, which stops root too.
    fs::write(folder.path().join("2026"), "in the way").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    refusal(t.run_retention().await, "archive_unavailable");
    assert!(is_there(&t, &id).await);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    fs::remove_file(folder.path().join("2026")).unwrap();
    assert_eq!(t.run_retention().await.unwrap().archived, 1);
    // The row of the failed one goes an hour later.
    t.clock.advance(TimeDelta::hours(2));
    assert_eq!(t.sweep_archives().await.unwrap(), 1);
    let rows = archive::Entity::find().all(t.database().read()).await;
    let states: Vec<_> = rows.unwrap().into_iter().map(|row| row.state).collect();
    assert_eq!(states, [ArchiveState::Done]);
}

#[on_both]
async fn a_server_without_an_archive_says_so(t: TestApp) {
    let folder = store();
    let id = ended(&t, "film", JobStatus::Completed).await;
    archive_all(&t, &folder);
    t.run_retention().await.unwrap();
    t.set_storage(Storage {
        keep: super::nothing(Then::Delete),
        archive: None::<ArchiveStore>,
    });
    let error = refusal(t.restore_job(&id).await, "archive_unavailable");
    assert!(error.to_string().contains("--archive"), "{error}");
}
