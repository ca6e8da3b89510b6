//! The archive: ended jobs in objects of a folder or a bucket, out of the database.
//!
//! An object has one zstd frame for each job, with the line of the job in an export. So the object
//! as a whole decodes to an export, and a job is read from its range alone.

mod archive_jobs;
mod archived_job;
mod bucket;
mod folder;
mod location;
mod object;
mod restore_job;
mod store;
mod verify_archives;

pub use archived_job::ArchivedJob;
pub use bucket::{BucketKeys, BucketSettings, Patience, parse_place};
pub use store::{ArchiveStep, ArchiveStore};
pub use verify_archives::{ArchiveFinding, Verified};
