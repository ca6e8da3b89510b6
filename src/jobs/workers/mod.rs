//! List of the workers, and the activity by which they are known.

pub(super) mod list_workers;
pub(super) mod worker_activity;
