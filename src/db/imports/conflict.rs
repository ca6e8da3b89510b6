//! Conflict rules of an import: the outcome when a record has the id of an existing job. Pure
//! functions, from two rows to one.

use crate::{
    db::imports::ImportedJob,
    error::{Error, Result as Answer},
    lifecycle::version_after,
};
use chrono::{DateTime, Utc};
use entity::{ItemStatus, job, job_item};
use serde_json::Value;
use std::str::FromStr;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// Keeps the job unchanged.
    #[default]
    Skip,
    /// Adds to the job the values of the record that it lacks.
    Merge,
    /// Replaces the job with the record. A deleted job is created again.
    Overwrite,
}

impl OnConflict {
    pub const ALL: [OnConflict; 3] = [OnConflict::Skip, OnConflict::Merge, OnConflict::Overwrite];

    pub fn name(self) -> &'static str {
        match self {
            OnConflict::Skip => "skip",
            OnConflict::Merge => "merge",
            OnConflict::Overwrite => "overwrite",
        }
    }
}

impl FromStr for OnConflict {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|word| word.name() == name);
        found.ok_or_else(|| {
            format!(
                "`{name}` is none of: {}",
                Self::ALL.map(Self::name).join(", ")
            )
        })
    }
}

/// Stored job with its items.
pub struct Stored {
    pub job: job::Model,
    pub items: Vec<job_item::Model>,
}

/// New state of the job, and its new items if they change.
pub struct Replaced {
    pub job: job::Model,
    pub items: Option<Vec<job_item::Model>>,
}

/// Fills in the values that the stored job lacks; `None` if the record has none of them. Values
/// that describe the run of the job are filled in only if both have the same status: the error of
/// an older state does not belong to a job that is completed now.
pub fn merged(
    stored: &Stored,
    record: &ImportedJob,
    now: DateTime<Utc>,
) -> Answer<Option<Replaced>> {
    let (mut job, from) = (stored.job.clone(), &record.job);
    fill(&mut job.mode, &from.mode);
    fill(&mut job.content, &from.content);
    fill(&mut job.user_requirement, &from.user_requirement);
    fill(&mut job.style, &from.style);
    fill(&mut job.project_title, &from.project_title);
    fill(&mut job.request_data, &from.request_data);
    fill(&mut job.working_dir, &from.working_dir);
    fill(&mut job.episode_id, &from.episode_id);
    fill(&mut job.series_id, &from.series_id);
    fill(&mut job.labels, &from.labels);
    if job.source.is_none() {
        fill(&mut job.source_status, &from.source_status);
        fill(&mut job.created_by, &from.created_by);
        fill(&mut job.source, &from.source);
    }
    job.context = with_missing(job.context.take(), from.context.as_ref());
    let alike = job.status == from.status;
    if alike {
        fill(&mut job.current_stage, &from.current_stage);
        fill(&mut job.result_data, &from.result_data);
        fill(&mut job.error_message, &from.error_message);
        fill(&mut job.started_at, &from.started_at);
    }
    let items = alike && stored.items.is_empty() && !record.items.is_empty();
    if items {
        let done = record
            .items
            .iter()
            .filter(|i| matches!(i.status, ItemStatus::Completed | ItemStatus::Skipped));
        job.completed_shots = i32::try_from(done.count()).unwrap_or(i32::MAX);
        job.total_shots = job
            .total_shots
            .max(i32::try_from(record.items.len()).unwrap_or(i32::MAX));
    } else if alike && stored.items.is_empty() && job.total_shots == 0 {
        (job.total_shots, job.completed_shots) = (from.total_shots, from.completed_shots);
    }
    if job == stored.job && !items {
        return Ok(None);
    }
    (job.version, job.updated_at) = (next_version(stored)?, now);
    Ok(Some(Replaced {
        job,
        items: items.then(|| record.items.clone()),
    }))
}

/// Replaces the stored row with the record's; `None` if they are equal. The idempotency key stays,
/// because it belongs to the call that created the job. A lease ends, because its worker would
/// report on another job.
pub fn overwritten(stored: &Stored, record: &ImportedJob) -> Answer<Option<Replaced>> {
    let before = &stored.job;
    let mut job = job::Model {
        idempotency_key: before.idempotency_key.clone(),
        idempotency_fingerprint: before.idempotency_fingerprint.clone(),
        lease_token: None,
        lease_expires_at: None,
        max_run_seconds: record.job.max_run_seconds.or(before.max_run_seconds),
        holds: record.job.holds.max(before.holds),
        webhook: before.webhook.clone(),
        created_by: (record.job.created_by.clone()).or_else(|| before.created_by.clone()),
        version: before.version,
        ..record.job.clone()
    };
    let same_items = stored.items.len() == record.items.len()
        && stored
            .items
            .iter()
            .zip(&record.items)
            .all(|(a, b)| same_item(a, b));
    if same_job(before, &job) && same_items {
        return Ok(None);
    }
    job.version = next_version(stored)?;
    Ok(Some(Replaced {
        job,
        items: (!same_items).then(|| record.items.clone()),
    }))
}

fn next_version(stored: &Stored) -> Answer<i64> {
    version_after(stored.job.version, 1).ok_or(Error::CounterExhausted)
}

fn fill<T: Clone>(stored: &mut Option<T>, from: &Option<T>) {
    if stored.is_none() {
        stored.clone_from(from);
    }
}

/// Adds missing members at any depth; existing ones stay.
fn with_missing(stored: Option<Value>, from: Option<&Value>) -> Option<Value> {
    match (stored, from) {
        (Some(Value::Object(mut stored)), Some(Value::Object(from))) => {
            for (name, value) in from {
                let merged = with_missing(stored.remove(name), Some(value));
                stored.extend(merged.map(|merged| (name.clone(), merged)));
            }
            Some(Value::Object(stored))
        }
        (stored, from) => stored.or_else(|| from.cloned()),
    }
}

fn same_job(a: &job::Model, b: &job::Model) -> bool {
    let jsons = [
        (&a.request_data, &b.request_data),
        (&a.context, &b.context),
        (&a.result_data, &b.result_data),
    ];
    let bare = |job: &job::Model| job::Model {
        request_data: None,
        context: None,
        result_data: None,
        ..job.clone()
    };
    jsons.into_iter().all(|(a, b)| same_optional(a, b)) && bare(a) == bare(b)
}

fn same_item(a: &job_item::Model, b: &job_item::Model) -> bool {
    let bare = |item: &job_item::Model| job_item::Model {
        input: None,
        result: None,
        ..item.clone()
    };
    same_optional(&a.input, &b.input) && same_optional(&a.result, &b.result) && bare(a) == bare(b)
}

fn same_optional(a: &Option<Value>, b: &Option<Value>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same_json(a, b),
        (a, b) => a.is_none() && b.is_none(),
    }
}

/// Compares JSON, numbers by their value: PostgreSQL returns 1e20 as 100000000000000000000.
fn same_json(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, a)| b.get(name).is_some_and(|b| same_json(a, b)))
        }
        (a, b) => a == b,
    }
}
