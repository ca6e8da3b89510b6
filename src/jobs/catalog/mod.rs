//! Rows beside the jobs: series, episodes, settings of job types, lists of clients, keys,
//! the audit, schedules, webhooks.

pub(super) mod active_jobs;
pub(super) mod audit;
pub(super) mod episodes;
pub(super) mod keys;
pub(super) mod queues;
pub(super) mod schedules;
pub(super) mod series;
pub(super) mod webhooks;
