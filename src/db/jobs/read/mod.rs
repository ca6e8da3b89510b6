//! Reads of jobs that are no list: one, counts, an export, what a forecast needs.

pub mod count_jobs;
pub mod export_jobs;
pub mod forecast;
pub mod get_job;
