//! Work of the background loops on the jobs, the status of the loops, and the health of the server.

pub(super) mod archive;
pub(super) mod backup;
pub(super) mod clock_ahead;
pub(super) mod get_health;
pub(super) mod get_metrics;
pub(super) mod lease_watch;
pub(super) mod loops;
pub(super) mod prune_events;
pub(super) mod prune_log_lines;
pub(super) mod rescue_jobs;
pub(super) mod retention;
pub(super) mod servers;
