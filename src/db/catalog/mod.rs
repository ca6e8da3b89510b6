//! Rows beside the jobs: series, episodes, settings of job types, lists of clients, keys,
//! the audit, schedules, webhooks, activity of workers, servers.

pub mod active_jobs;
pub mod audit;
pub mod detach;
pub mod episodes;
pub mod kept_lists;
pub mod keys;
pub mod parents;
pub mod queues;
pub mod schedules;
pub mod series;
pub mod servers;
pub mod sessions;
pub mod webhooks;
pub mod workers;
