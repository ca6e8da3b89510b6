//! Calls of a person or a client that steer a job: change, cancel, retry, recover, undo,
//! delete.

mod apply_patch;
pub(super) mod before;
pub(super) mod cancel_job;
mod check_patch;
pub(super) mod delete_job;
pub(super) mod job_patch;
pub(super) mod recover_job;
pub(super) mod retry_job;
pub(super) mod undo_job;
pub(super) mod update_job;
