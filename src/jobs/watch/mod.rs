//! Streams of changes, calls that wait for the next change of a job, and followers of the history.

pub(super) mod event_filter;
pub(super) mod feed;
pub(super) mod follow;
pub(super) mod job_waits;
pub(super) mod streams;
mod wait_for_job;
pub(super) mod watch_job;
pub(super) mod watch_jobs;
