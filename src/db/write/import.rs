//! What an import writes: whole records in batches, the rejects beside them, and the row of the run.

mod batch;
mod conflict;
mod parents;
mod plan;
mod run;

pub use batch::ImportBatch;
pub use conflict::OnConflict;
pub use plan::foresee;
pub use run::{AbortImport, BeatImport, FinishImport, GiveUpImports, PruneImport, StartImport};

use entity::{active_job, episode, job, job_event, job_item, series};

/// A record ready to be written.
#[derive(Clone)]
pub struct ImportedJob {
    pub job: job::Model,
    pub items: Vec<job_item::Model>,
    /// The client that has the job before it, in a store that knows of one.
    pub active: Option<ActiveJob>,
    /// Comes from a store of Callsheet's own kind.
    pub own: Option<Box<OwnRows>>,
}

/// A row of `active_jobs` for the job that it comes with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveJob {
    pub client_id: String,
    pub title: Option<String>,
}

/// What only Callsheet's own export tells of a job.
#[derive(Clone)]
pub struct OwnRows {
    /// All of it, to the job's version; the import adds nothing.
    pub history: Vec<job_event::Model>,
    pub series: Vec<series::Model>,
    pub episode: Option<episode::Model>,
    pub active: Vec<active_job::Model>,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landed {
    Imported,
    /// A job with the id was there, and got what it lacked.
    Merged,
    /// A job with the id was there, and is now as the record says.
    Overwritten,
    /// A job with the id is there and stays as it is.
    AlreadyThere,
    /// A job with the id was deleted here, and stays deleted.
    DeletedHere,
}

impl Landed {
    /// Whether something of the record was taken.
    pub fn came_in(self) -> bool {
        matches!(self, Landed::Imported | Landed::Merged | Landed::Overwritten)
    }
}
