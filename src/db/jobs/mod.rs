//! Rows of `video_generation_jobs`: one file a verb.

pub mod change_batch;
pub mod change_job;
pub mod claim;
pub mod create_job;
pub mod delete_job;
pub mod locks;
pub mod rescue_jobs;
pub mod retry_failed_items;
pub mod weight;
