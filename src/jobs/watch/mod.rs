//! Streams of changes, and calls that wait for the next change of a job.

pub(super) mod event_filter;
pub(super) mod feed;
pub(super) mod job_waits;
pub(super) mod watch_job;
pub(super) mod watch_jobs;
