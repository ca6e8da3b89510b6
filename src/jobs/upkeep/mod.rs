//! Work of the background loops on the jobs, and the status of the loops.

pub(super) mod clock_ahead;
pub(super) mod lease_watch;
pub(super) mod loops;
pub(super) mod prune_events;
pub(super) mod prune_log_lines;
pub(super) mod rescue_jobs;
