//! The archive: ended jobs in objects of a folder, out of the database.
//!
//! An object has one zstd frame for each job, with the line of the job in an export. So the object
//! as a whole decodes to an export, and a job is read from its range alone.

mod archive_jobs;
mod archived_job;
mod folder;
mod object;
mod restore_job;
mod verify_archives;

pub use archive_jobs::ArchiveStep;
pub use archived_job::ArchivedJob;
pub use folder::ArchiveFolder;
pub use verify_archives::{ArchiveFinding, Verified};
