//! Rows of `video_generation_jobs`: one file a verb, one folder for lists and one for claims.

pub mod change_batch;
pub mod change_job;
pub mod claim;
pub mod create_job;
pub mod delete_job;
pub mod job_tokens;
pub mod list;
pub mod locks;
pub mod prune_log_lines;
pub mod read;
pub mod rescue_jobs;
pub mod retry_failed_items;
pub mod stale;
pub mod weight;
