//! Creation of jobs: one, many at once, or the failed items of an ended job.

pub(super) mod check_new_job;
pub(super) mod create_job;
pub(super) mod create_jobs;
pub(super) mod idempotency;
pub(super) mod new_job;
pub(super) mod retry_failed_items;
