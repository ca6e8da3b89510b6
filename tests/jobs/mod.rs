//! Conformance: every verb of the JobManager does the same on SQLite and on PostgreSQL, as the domain says.

mod bad_input;
mod cancel_job;
mod count_jobs;
mod create_job;
mod delete_job;
mod episodes;
mod filters;
mod history;
mod idempotency;
mod items;
mod leases;
mod mark_completed;
mod mark_failed;
mod merge_patch;
mod news;
mod paging;
mod progress;
mod retry_job;
mod series;
mod shots;
mod start_job;
mod transitions;
mod update_job;
mod versions;
