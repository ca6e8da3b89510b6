//! Removes a batch of ended jobs like the verb that deletes one job, and gives free pages back.

use crate::{
    db::{
        Tx, Write, dialect,
        jobs::{
            delete_job::{Gone, remove},
            locks,
        },
        retention::ended::{EndedJob, KEEP_LABEL},
        rows::{bulk, job_rows},
    },
    error::Result,
    lifecycle::is_terminal,
};
use chrono::{DateTime, Utc};
use entity::job;
use sea_orm::{
    ConnectionTrait, EntityTrait, QueryFilter, QueryTrait,
    sea_query::{Expr, LockType},
};
use std::collections::HashMap;

/// Deletes jobs that are still as a query found them. The others stay.
pub struct RemoveEnded {
    pub jobs: Vec<EndedJob>,
    pub now: DateTime<Utc>,
}

impl Write for RemoveEnded {
    /// Ids of the deleted jobs.
    type Output = Vec<String>;

    async fn apply(&self, tx: &Tx) -> Result<Vec<String>> {
        let versions = self.jobs.iter().map(|job| (job.id.as_str(), job.version));
        let jobs = lock_unchanged(tx, versions.collect()).await?;
        let removed = jobs.iter().map(|job| job.id.clone()).collect();
        remove(tx, jobs, self.now, &tx.by(), Gone::Deleted).await?;
        Ok(removed)
    }

    fn weight(&self) -> usize {
        1024 + self.jobs.len() * 128
    }
}

/// Locks and returns those of the jobs that are still at the given versions, have ended and have no
/// label that keeps them. Skips those that another transaction has locked.
pub(super) async fn lock_unchanged(
    tx: &Tx,
    versions: HashMap<&str, i64>,
) -> Result<Vec<job::Model>> {
    let backend = tx.get_database_backend();
    let ids: Vec<&str> = versions.keys().copied().collect();
    let of_ids = bulk::is_one_of(backend, Expr::col(job::Column::Id), &ids);
    let find = locks::locked(
        job::Entity::find().filter(of_ids),
        LockType::Update,
        dialect::skips_locked(backend),
    );
    let found = job_rows::read(tx, find.build(backend)).await?;
    let (key, value) = KEEP_LABEL;
    let is_kept = |job: &job::Model| {
        let label = job.labels.as_ref().and_then(|labels| labels.get(key));
        label.is_some_and(|label| label == value)
    };
    let goes = |job: &job::Model| {
        versions.get(job.id.as_str()) == Some(&job.version)
            && is_terminal(job.status)
            && !is_kept(job)
    };
    Ok(found.jobs.into_iter().filter(goes).collect())
}

/// Gives free pages of a SQLite file back to the file system.
pub struct ReturnPages {
    pub at_most: u64,
}

impl Write for ReturnPages {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        Ok(dialect::return_pages(tx, self.at_most).await?)
    }
}
