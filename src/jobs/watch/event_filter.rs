//! Filter of a stream: which events of a batch a subscriber wants.

use crate::{
    error::Result,
    jobs::{
        JobManager, validate,
        watch::feed::{Change, FeedBatch},
    },
    lifecycle::{Binding, EventKind},
};
use entity::{JobStatus, job_event};
use serde_json::Value;
use std::sync::Arc;

/// Filter of the events of a stream. An empty list matches everything.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    pub job_types: Vec<String>,
    /// Statuses after the event.
    pub statuses: Vec<JobStatus>,
    /// Labels, each of which the job must have.
    pub labels: Vec<(String, String)>,
    /// What the subscriber's key is bound to.
    pub binding: Binding,
}

/// Events of a batch that a subscriber wants: those at the indexes in `only`, or all if it is
/// `None`.
pub struct FilteredBatch {
    pub batch: Arc<FeedBatch>,
    pub only: Option<Vec<usize>>,
}

impl FilteredBatch {
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        let only = self.only.as_deref();
        let wanted = move |i: &usize| only.is_none_or(|only| only.contains(i));
        self.batch
            .changes
            .iter()
            .enumerate()
            .filter(move |(i, _)| wanted(i))
            .map(|(_, change)| change)
    }

    pub fn is_empty(&self) -> bool {
        self.only.as_ref().is_some_and(Vec::is_empty)
    }
}

impl EventFilter {
    pub fn check(&self) -> Result<()> {
        for job_type in &self.job_types {
            validate::no_nul_parameter("job_type", job_type)?;
        }
        for (key, value) in &self.labels {
            validate::label_parameter(key, value)?;
        }
        Ok(())
    }

    fn wants_all(&self) -> bool {
        self.job_types.is_empty()
            && self.statuses.is_empty()
            && self.labels.is_empty()
            && self.binding.is_free()
    }

    /// Returns the indexes of the wanted events of a batch; `None` if all are wanted.
    pub async fn choose(&self, batch: &FeedBatch, jobs: &JobManager) -> Result<Option<Vec<usize>>> {
        if self.wants_all() {
            return Ok(None);
        }
        let plain = |event: &job_event::Model| {
            let of_type = event
                .job_type
                .as_ref()
                .is_some_and(|of| self.job_types.contains(of));
            let is_bound = event.job_type.as_ref().map_or_else(
                || self.binding.job_types.is_empty(),
                |of| self.binding.holds_type(of),
            );
            is_bound
                && (self.job_types.is_empty() || of_type)
                && (self.statuses.is_empty() || self.statuses.contains(&event.status))
        };
        let wanted: Vec<usize> = batch
            .changes
            .iter()
            .enumerate()
            .filter(|(_, c)| plain(&c.event))
            .map(|(i, _)| i)
            .collect();
        let mut labels = self.labels.iter().chain(&self.binding.labels);
        if labels.next().is_none() || wanted.is_empty() {
            return Ok(Some(wanted));
        }
        let labels = batch.labels(&jobs.db).await?;
        let labelled = |i: &usize| {
            let event = &batch.changes[*i].event;
            let deleted_data = event
                .data
                .as_ref()
                .filter(|_| event.kind == EventKind::Deleted.as_str());
            let has = deleted_data.map_or(labels.get(&event.job_id), |data| data.get("labels"));
            let mut wanted = self.labels.iter().chain(&self.binding.labels);
            wanted.all(|(key, value)| {
                has.and_then(|l| l.get(key)).and_then(Value::as_str) == Some(value)
            })
        };
        Ok(Some(wanted.into_iter().filter(labelled).collect()))
    }
}
