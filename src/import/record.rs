//! Common shape of a job between reading and writing. A source fills in the values of its store;
//! this module decides how they fit together, once for all stores.

mod into_job;
mod items;

pub use items::{Item, ItemScope};

use super::{legacy::Legacy, sources::SourceKind, times::Times};
use crate::db::write::ActiveJob;
use chrono::{DateTime, Utc};
use entity::{JobStatus, schedule};
use serde_json::{Map, Value};

/// A job with the values of its store. A value that the store does not have is `None`: the importer
/// invents nothing.
pub struct Record {
    pub id: String,
    pub source: SourceKind,
    pub job_type: String,
    pub mode: Option<String>,
    pub status: JobStatus,
    /// The store's own word for the status.
    pub source_status: String,
    pub content: Option<String>,
    pub user_requirement: Option<String>,
    pub style: Option<String>,
    pub project_title: Option<String>,
    pub request_data: Option<Map<String, Value>>,
    /// Priority as in the column: higher runs first, 0 is the default.
    pub priority: i16,
    pub run_at: Option<DateTime<Utc>>,
    pub working_dir: Option<String>,
    pub episode_id: Option<String>,
    pub series_id: Option<String>,
    /// Progress in percent, from 0 to 100.
    pub progress: Option<f64>,
    pub current_stage: Option<String>,
    pub result: Option<Map<String, Value>>,
    pub error: Option<String>,
    pub total_shots: Option<i64>,
    pub completed_shots: Option<i64>,
    pub times: Times,
    /// Items in the store's order.
    pub items: Vec<Item>,
    pub listed: ItemScope,
    /// Client for which the job is the active one.
    pub active: Option<ActiveJob>,
    /// Schedule that would have repeated the job.
    pub schedule: Option<Box<schedule::Model>>,
    pub legacy: Legacy,
}

impl Record {
    /// Creates a record of which nothing more is known.
    pub fn bare(source: SourceKind, id: String, status: (JobStatus, String), times: Times) -> Self {
        Self {
            id,
            source,
            job_type: source.name().to_owned(),
            mode: None,
            status: status.0,
            source_status: status.1,
            content: None,
            user_requirement: None,
            style: None,
            project_title: None,
            request_data: None,
            priority: 0,
            run_at: None,
            working_dir: None,
            episode_id: None,
            series_id: None,
            progress: None,
            current_stage: None,
            result: None,
            error: None,
            total_shots: None,
            completed_shots: None,
            times,
            items: Vec::new(),
            listed: ItemScope::All,
            active: None,
            schedule: None,
            legacy: Legacy::default(),
        }
    }
}

#[cfg(test)]
mod tests;
