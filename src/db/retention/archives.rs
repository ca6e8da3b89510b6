//! Writes of an archive: its row before the object, the removal of its jobs after it, and what a
//! killed process left.

use crate::{
    db::{
        Readable, Tx, Write,
        jobs::delete_job::{Gone, remove},
        retention::remove_ended::lock_unchanged,
        rows::bulk,
    },
    error::Result,
};
use chrono::{DateTime, Utc};
use entity::{ArchiveState, archive, archived_job, job};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::{Expr, LockType},
};
use std::collections::HashMap;

/// Begins an archive: its object is about to be written.
pub struct StartArchive(pub archive::Model);

impl Write for StartArchive {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        let row = self.0.clone().into_active_model();
        archive::Entity::insert(row)
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }
}

/// Job in an object.
#[derive(Clone, Debug)]
pub struct WrittenJob {
    pub job_id: String,
    /// Version that the object has.
    pub version: i64,
    /// Byte at which its frame begins.
    pub at: u64,
    /// Bytes of the frame.
    pub length: u64,
    /// Positions of its events: see [`archived_job::Model::positions`].
    pub positions: String,
}

/// Ends an archive whose object was written and read back: removes the jobs that are still as the
/// object has them.
pub struct FinishArchive {
    pub id: String,
    pub jobs: Vec<WrittenJob>,
    pub bytes: u64,
    pub sha256: String,
    pub now: DateTime<Utc>,
}

impl Write for FinishArchive {
    /// Number of jobs that left the database; 0 if the archive has none and is to be forgotten.
    type Output = u64;

    async fn apply(&self, tx: &Tx) -> Result<u64> {
        let row = archive::Entity::find_by_id(&self.id)
            .lock(LockType::Update)
            .row(tx)
            .await?;
        let Some(row) = row.filter(|row| row.state == ArchiveState::Writing) else {
            return Ok(0);
        };
        let versions = self
            .jobs
            .iter()
            .map(|job| (job.job_id.as_str(), job.version));
        let jobs = lock_unchanged(tx, versions.collect()).await?;
        let places: HashMap<&str, &WrittenJob> = self
            .jobs
            .iter()
            .map(|job| (job.job_id.as_str(), job))
            .collect();
        let placed = jobs
            .iter()
            .filter_map(|job| Some(self.placed(job, places.get(job.id.as_str())?)));
        let placed: Vec<archived_job::Model> = placed.collect();
        let removed = placed.len();
        remove(tx, jobs, self.now, &None, Gone::Archived).await?;
        bulk::insert::<archived_job::Entity, _>(tx, &placed).await?;
        let mut row = row.into_active_model();
        row.state = Set(if removed == 0 {
            ArchiveState::Abandoned
        } else {
            ArchiveState::Done
        });
        row.jobs = Set(i64::try_from(removed).unwrap_or(i64::MAX));
        row.bytes = Set(signed(self.bytes));
        row.sha256 = Set(Some(self.sha256.clone()));
        row.finished_at = Set(Some(self.now));
        row.update(tx).await?;
        Ok(removed as u64)
    }

    fn is_large(&self) -> bool {
        true
    }

    fn weight(&self) -> usize {
        1024 + self.jobs.len() * 256
    }
}

impl FinishArchive {
    fn placed(&self, job: &job::Model, written: &WrittenJob) -> archived_job::Model {
        archived_job::Model {
            job_id: job.id.clone(),
            archive_id: self.id.clone(),
            at: signed(written.at),
            length: signed(written.length),
            job_type: job.job_type.clone(),
            status: job.status,
            created_at: job.created_at,
            completed_at: job.completed_at,
            version: job.version,
            positions: written.positions.clone(),
            restored_at: None,
        }
    }
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Marks archives as abandoned that were begun before a time and have not ended: none of them can
/// end any more.
pub struct AbandonArchive {
    pub begun_before: DateTime<Utc>,
}

impl Write for AbandonArchive {
    /// All abandoned archives, whose objects are to go before their rows.
    type Output = Vec<archive::Model>;

    async fn apply(&self, tx: &Tx) -> Result<Vec<archive::Model>> {
        use archive::Column as C;
        archive::Entity::update_many()
            .col_expr(C::State, Expr::val("abandoned"))
            .filter(C::State.eq(ArchiveState::Writing))
            .filter(C::CreatedAt.lt(self.begun_before))
            .exec(tx)
            .await?;
        let abandoned = archive::Entity::find().filter(C::State.eq(ArchiveState::Abandoned));
        Ok(abandoned.rows(tx).await?)
    }
}

/// Removes the row of an abandoned archive, whose object is gone.
pub struct ForgetArchive {
    pub id: String,
}

impl Write for ForgetArchive {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        archive::Entity::delete_many()
            .filter(archive::Column::Id.eq(&self.id))
            .filter(archive::Column::State.eq(ArchiveState::Abandoned))
            .exec(tx)
            .await?;
        Ok(())
    }
}
