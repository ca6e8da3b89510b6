//! Calls of a worker: claim, start, report and end an attempt.

pub(super) mod begin;
pub(super) mod claim_jobs;
pub(super) mod claim_waiters;
pub(super) mod finish_job;
mod heard_of;
pub(super) mod heartbeat;
pub(super) mod items;
pub(super) mod job_token;
pub(super) mod outcomes;
pub(super) mod progress;
pub(super) mod release_job;
pub(super) mod start_job;
