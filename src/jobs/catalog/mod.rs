//! Rows beside the jobs: series, episodes, settings of job types, lists of clients.

pub(super) mod active_jobs;
pub(super) mod episodes;
pub(super) mod queues;
pub(super) mod series;
