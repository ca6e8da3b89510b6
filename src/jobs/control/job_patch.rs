//! Patch of a job: the fields that a client may change.

use crate::db::write::{Items, weight_of_members};
use chrono::{DateTime, Utc};
use entity::JobStatus;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Merge patch (RFC 7396): `None` leaves a field unchanged, `Some(None)` clears it. Objects are
/// merged member by member; a null removes a member.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobPatch {
    pub status: Option<JobStatus>,
    pub mode: Option<Option<String>>,
    pub content: Option<Option<String>>,
    pub user_requirement: Option<Option<String>>,
    pub style: Option<Option<String>>,
    pub project_title: Option<Option<String>>,
    pub request_data: Option<Option<Map<String, Value>>>,
    pub context: Option<Option<Map<String, Value>>>,
    pub progress: Option<f64>,
    pub current_stage: Option<Option<String>>,
    pub working_dir: Option<Option<String>>,
    pub result: Option<Option<Map<String, Value>>>,
    pub error: Option<Option<String>>,
    pub total_shots: Option<i32>,
    pub completed_shots: Option<i32>,
    pub episode_id: Option<Option<String>>,
    pub series_id: Option<Option<String>>,
    pub priority: Option<i16>,
    pub run_at: Option<Option<DateTime<Utc>>>,
    pub max_attempts: Option<i32>,
    pub max_run_seconds: Option<Option<i32>>,
    /// Labels to change; a label with `None` is removed.
    pub labels: Option<Option<BTreeMap<String, Option<String>>>>,
}

impl JobPatch {
    /// Returns whether the patch sets only what decides when the job runs. Such a change can be
    /// undone.
    pub(super) fn only_steers(&self) -> bool {
        let rest = JobPatch {
            status: None,
            priority: None,
            run_at: None,
            max_attempts: None,
            ..self.clone()
        };
        rest == JobPatch::default()
    }

    /// Returns the approximate size of the patch's long fields, in bytes.
    pub(super) fn weight(&self) -> usize {
        let texts = [&self.content, &self.user_requirement, &self.error];
        let documents = [&self.request_data, &self.context, &self.result];
        let texts = texts.into_iter().flatten().flatten().map(String::len);
        texts
            .chain(
                documents
                    .into_iter()
                    .flatten()
                    .flatten()
                    .map(weight_of_members),
            )
            .sum()
    }

    /// Returns the items that the change has to see.
    pub(super) fn needed_items(&self) -> Items {
        match self.status {
            Some(JobStatus::Completed) => Items::Open,
            Some(JobStatus::Queued) => Items::Counted,
            _ if self.has_counts() => Items::Counted,
            _ => Items::None,
        }
    }

    /// Returns whether the patch is a report, which starts a queued job that its creator runs.
    pub(super) fn starts_first(&self) -> bool {
        match self.status {
            Some(JobStatus::Completed | JobStatus::Failed) => true,
            Some(_) => false,
            None => self.has_counts() || self.progress.is_some() || self.current_stage.is_some(),
        }
    }

    /// Returns whether the patch sets a number of shots.
    pub(super) fn has_counts(&self) -> bool {
        self.total_shots.is_some() || self.completed_shots.is_some()
    }
}
