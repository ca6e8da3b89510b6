//! Changes after their commit: notices to this and other processes, the caches of jobs, and the
//! reader of the history.

pub mod certain;
pub mod change_bus;
pub mod history;
pub mod job_cache;
pub mod notifier;
pub mod pg_notifier;
pub mod redis_tier;
pub mod tail;
