//! Rows beside the jobs: series, episodes, settings of job types, lists of clients, keys.

pub(super) mod active_jobs;
pub(super) mod episodes;
pub(super) mod keys;
pub(super) mod queues;
pub(super) mod series;
