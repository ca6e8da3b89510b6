//! Imports: batches of whole records with their rejects, the row of the run, and both as lists.

mod batch;
mod conflict;
mod list;
mod new_rows;
mod parents;
mod plan;
mod runs;

pub use batch::ImportBatch;
pub use conflict::OnConflict;
pub use list::EndedImport;
pub use plan::dry_run;
pub use runs::{
    AbortImport, FailOrphanedImports, FinishImport, HeartbeatImport, PruneImport, StartImport,
};

use crate::{db::Tx, error::Result};
use entity::{active_job, episode, job, job_event, job_item, schedule, series};
use parents::Parents;

/// Record ready to be written.
#[derive(Clone)]
pub struct ImportedJob {
    pub job: job::Model,
    pub items: Vec<job_item::Model>,
    /// Client that has the job on its list, if the source records one.
    pub active: Option<ActiveJob>,
    /// Schedule that would have repeated the job; it comes in paused.
    pub schedule: Option<Box<schedule::Model>>,
    /// Rows that only an export of Callsheet holds.
    pub own: Option<Box<OwnRows>>,
}

/// Row of `active_jobs` for the job of the same record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveJob {
    pub client_id: String,
    pub title: Option<String>,
}

/// Rows that only an export of Callsheet holds for a job.
#[derive(Clone)]
pub struct OwnRows {
    /// Whole history, up to the job's version; the import adds no event.
    pub history: Vec<job_event::Model>,
    pub series: Vec<series::Model>,
    pub episode: Option<episode::Model>,
    pub active: Vec<active_job::Model>,
}

/// Outcome of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    Imported,
    /// A job with the id existed, and got the values that it lacked.
    Merged,
    /// A job with the id existed, and was replaced by the record.
    Overwritten,
    /// A job with the id exists and stays unchanged.
    AlreadyThere,
    /// A job with the id was deleted here, and stays deleted.
    DeletedHere,
}

impl Imported {
    /// Returns whether anything of the record was written.
    pub fn came_in(self) -> bool {
        matches!(
            self,
            Imported::Imported | Imported::Merged | Imported::Overwritten
        )
    }
}

/// Inserts the series and the episode of a record where they are missing, and returns its job with
/// the references that the database accepts.
pub(in crate::db) async fn bring_parents(tx: &Tx, record: &ImportedJob) -> Result<job::Model> {
    parents::bring(tx, &[record]).await?;
    let known = Parents::of(tx, std::iter::once(&record.job)).await?;
    Ok(known.settled(record).into_owned().job)
}
