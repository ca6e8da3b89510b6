//! Rows beside the jobs: series, episodes, settings of job types, lists of clients, keys.

pub mod active_jobs;
pub mod detach;
pub mod episodes;
pub mod kept_lists;
pub mod keys;
pub mod parents;
pub mod queues;
pub mod series;
