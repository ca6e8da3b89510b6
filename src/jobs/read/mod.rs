//! Reads of jobs: one, a page under a filter, counts, the history, an export.

pub(super) mod count_jobs;
pub(super) mod events;
pub(super) mod export_jobs;
pub(super) mod forecast;
pub(super) mod forecast_queue;
pub(super) mod get_job;
pub(super) mod list_jobs;
mod scan_steps;
pub(super) mod searches;
pub(super) mod shot;
pub(super) mod shots;
pub(super) mod sift;
