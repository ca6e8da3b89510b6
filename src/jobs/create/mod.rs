//! Creation of jobs: one, many at once, or the failed items of an ended job.

pub(super) mod create_job;
pub(super) mod create_jobs;
pub(super) mod retry_failed_items;
