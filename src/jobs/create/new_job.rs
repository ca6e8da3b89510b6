//! Fields of a job to create, and the rows that they become.

use crate::{
    db::write::CreateJob,
    jobs::{JobManager, NewJobWebhook, create::idempotency::Idempotency, validate},
};
use chrono::{DateTime, Utc};
use entity::{ItemStatus, JobStatus, active_job, job, job_item};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Fields of a job to create. All except the type are optional.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewJob {
    /// Type of the job: `[a-z0-9_.-]{1,50}`.
    pub job_type: String,
    /// Id of the job: `[A-Za-z0-9._:-]{1,64}`. Default: a new UUIDv7.
    pub job_id: Option<String>,
    pub mode: Option<String>,
    pub content: Option<String>,
    pub user_requirement: Option<String>,
    pub style: Option<String>,
    pub project_title: Option<String>,
    pub request_data: Option<Map<String, Value>>,
    pub context: Option<Map<String, Value>>,
    /// Working directory. Default: `.working_dir/{job_type}/{job_id}`.
    pub working_dir: Option<String>,
    pub episode_id: Option<String>,
    pub series_id: Option<String>,
    /// Priority from -100 to 100; higher runs first. Default 0.
    pub priority: i16,
    pub run_at: Option<DateTime<Utc>>,
    /// Maximum number of attempts, 1 to 100. Default 3.
    pub max_attempts: Option<i32>,
    /// Maximum seconds of an attempt, 1 to a year. Default: the setting of the queue.
    pub max_run_seconds: Option<i32>,
    pub labels: BTreeMap<String, String>,
    /// URL that is sent the messages about the job.
    pub webhook: Option<NewJobWebhook>,
    pub items: Vec<NewItem>,
    /// Client whose list of active jobs gets the job: 1 to 200 visible characters.
    pub client_id: Option<String>,
    /// Not part of a template: workers run the jobs of schedules.
    #[serde(skip)]
    pub run: RunBy,
}

/// Who runs a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunBy {
    /// The worker that claims the job.
    #[default]
    Workers,
    /// The creator of the job: no claim returns it, until a retry, a recover or a release gives it
    /// to workers.
    Creator,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewItem {
    /// Key of the item, unique in its job.
    pub key: String,
    pub input: Option<Value>,
}

impl JobManager {
    /// Builds the rows of a new job.
    pub(in crate::jobs) fn new_job(
        &self,
        new: NewJob,
        idempotency: Option<Idempotency>,
        now: DateTime<Utc>,
    ) -> CreateJob {
        let named = new.job_id.is_some();
        let id = new.job_id.unwrap_or_else(|| self.chance.id());
        let items = new_items(&id, new.items, now);
        let (key, fingerprint) = idempotency.map(Idempotency::into_columns).unzip();
        let job = job::Model {
            working_dir: new
                .working_dir
                .or_else(|| Some(format!(".working_dir/{}/{id}", new.job_type))),
            total_shots: i32::try_from(items.len()).unwrap_or(i32::MAX),
            id,
            job_type: new.job_type,
            mode: new.mode,
            content: new.content,
            user_requirement: new.user_requirement,
            style: new.style,
            project_title: new.project_title,
            request_data: new.request_data.map(Value::Object),
            context: new.context.map(Value::Object),
            episode_id: new.episode_id,
            series_id: new.series_id,
            priority: new.priority,
            run_at: new.run_at.map(validate::micros),
            max_attempts: new.max_attempts.unwrap_or(validate::DEFAULT_ATTEMPTS),
            labels: labels_json(new.labels),
            idempotency_key: key,
            idempotency_fingerprint: fingerprint,
            source: None,
            source_status: None,
            max_run_seconds: new.max_run_seconds,
            webhook: new.webhook.map(|new| new.column(self.binding())),
            status: JobStatus::Queued,
            progress: 0.0,
            current_stage: None,
            result_data: None,
            error_message: None,
            completed_shots: 0,
            created_at: now,
            created_by: self.caller_id(),
            updated_at: now,
            started_at: None,
            completed_at: None,
            attempt: 0,
            worker_id: None,
            lease_token: None,
            lease_expires_at: None,
            cancel_requested_at: None,
            version: 1,
            status_since: Some(now),
            last_lease_token: None,
            claim_id: None,
            last_heard_at: None,
            unheard_claims: 0,
            run_until: None,
            holds: i32::from(new.run == RunBy::Creator),
        };
        let active = new.client_id.map(|client_id| active_job::Model {
            client_id,
            job_id: job.id.clone(),
            title: job.project_title.clone(),
            created_at: now,
        });
        CreateJob {
            job,
            items,
            named,
            active,
        }
    }
}

pub(in crate::jobs) fn labels_json(labels: BTreeMap<String, String>) -> Option<Value> {
    let members: Map<String, Value> = labels.into_iter().map(|(k, v)| (k, v.into())).collect();
    (!members.is_empty()).then_some(Value::Object(members))
}

fn new_items(job_id: &str, items: Vec<NewItem>, now: DateTime<Utc>) -> Vec<job_item::Model> {
    let row = |(idx, item): (i32, NewItem)| {
        let input = item.input.filter(|v| !v.is_null());
        pending_item(job_id, idx, item.key, input, now)
    };
    (0..).zip(items).map(row).collect()
}

/// Returns the row of an item that no attempt has worked on.
pub(in crate::jobs) fn pending_item(
    job_id: &str,
    idx: i32,
    key: String,
    input: Option<Value>,
    now: DateTime<Utc>,
) -> job_item::Model {
    job_item::Model {
        job_id: job_id.to_owned(),
        idx,
        key,
        status: ItemStatus::Pending,
        input,
        result: None,
        error: None,
        attempt: 0,
        created_at: now,
        updated_at: now,
        started_at: None,
        completed_at: None,
    }
}
