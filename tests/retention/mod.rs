//! Retention and the archive: what goes, what stays, and that a job is always in exactly one place.

mod archive;
mod bucket;
mod clock;
mod command;
mod killed;
mod media;
mod over_http;
mod removal;
mod restore_many;
mod rules;
mod steps;
mod store;

use crate::support::{TestApp, any_job};
use callsheet::{
    error::Result,
    jobs::{ArchiveStore, Keep, KeepPatch, KeepRule, NewJob, Queue, QueuePatch, Storage, Then},
};
use chrono::TimeDelta;
use entity::JobStatus;
use tempfile::TempDir;

pub fn days(n: i64) -> Keep {
    Keep::For(TimeDelta::days(n))
}

/// Keeps nothing that has ended.
pub fn nothing(then: Then) -> KeepRule {
    KeepRule {
        completed: days(0),
        failed: days(0),
        cancelled: days(0),
        then,
        ..KeepRule::default()
    }
}

/// Sets the default rule.
pub fn keep(t: &TestApp, keep: KeepRule) {
    t.set_storage(Storage {
        keep,
        archive: None,
    });
}

pub fn store() -> TempDir {
    tempfile::Builder::new()
        .prefix("callsheet-archive-")
        .tempdir()
        .unwrap()
}

/// Archives all that has ended, into the folder.
pub fn archive_all(t: &TestApp, folder: &TempDir) {
    t.set_storage(Storage {
        keep: nothing(Then::Archive),
        archive: Some(ArchiveStore::folder(folder.path())),
    });
}

pub async fn keep_of(t: &TestApp, job_type: &str, keep: KeepPatch) -> Result<Queue> {
    let patch = QueuePatch {
        keep,
        ..QueuePatch::default()
    };
    t.change_queue(job_type, patch).await
}

/// A job of the type that has ended.
pub async fn ended(t: &TestApp, job_type: &str, status: JobStatus) -> String {
    let new = NewJob {
        job_type: job_type.into(),
        ..any_job()
    };
    let id = t.create(new).await.id;
    if status == JobStatus::Cancelled {
        return t.cancel_job(&id, None, None).await.unwrap().id;
    }
    t.start(&id).await;
    match status {
        JobStatus::Completed => t.mark_completed(&id, None, None).await,
        _ => {
            t.mark_failed(&id, crate::support::for_good("broken"), None)
                .await
        }
    }
    .unwrap()
    .id
}

pub async fn is_there(t: &TestApp, id: &str) -> bool {
    t.get_job(id).await.is_ok()
}
