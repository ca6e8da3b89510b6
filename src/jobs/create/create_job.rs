//! create_job: puts a job with its items in the queue, once for each idempotency key.

use crate::{
    db::write::{CreateJob, Created},
    error::{Error, FieldError, Result},
    hex::hex,
    jobs::{JobManager, NewJobWebhook, catalog::webhooks::check_job_webhook, validate},
    lifecycle::Binding,
    outbound::OutboundPolicy,
    telemetry::request,
};
use chrono::{DateTime, Utc};
use entity::{ItemStatus, JobStatus, active_job, job, job_item};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};

/// Maximum number of items of a job.
pub const MAX_ITEMS: usize = 10_000;

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

/// Idempotency key, with the fingerprint of the request that it belongs to. Two calls with the same
/// key create one job.
#[derive(Clone, Debug)]
pub struct Idempotency {
    pub key: String,
    /// SHA-256 of the scope and the request, in hexadecimal.
    pub fingerprint: String,
}

impl Idempotency {
    /// Computes the fingerprint of a request. `scope` separates the calls that a key may be used
    /// with; `request` is the body as received.
    pub fn new(key: String, scope: &str, request: &Value) -> Self {
        // serde_json keeps members sorted, so two spellings of one request have the same
        // fingerprint.
        Self::of_text(key, scope, &request.to_string())
    }

    /// Computes the fingerprint of a request that is JSON text already; otherwise like
    /// [`Idempotency::new`].
    pub fn of_text(key: String, scope: &str, request: &str) -> Self {
        let digest = Sha256::digest(format!("{scope}\n{request}"));
        Self {
            key,
            fingerprint: hex(&digest),
        }
    }

    pub fn check(&self) -> Result<()> {
        let visible = self.key.chars().all(|c| !c.is_control());
        if visible && (1..=validate::MAX_KEY_CHARS).contains(&self.key.chars().count()) {
            return Ok(());
        }
        let detail = "Use 1 to 255 visible characters as an Idempotency-Key, e.g. a UUID.";
        Err(Error::invalid(FieldError::parameter(
            "Idempotency-Key",
            "invalid_name",
            detail,
        )))
    }

    /// Checks the key, and splits key and fingerprint into their columns.
    pub(in crate::jobs) fn parts(
        promise: Option<Self>,
    ) -> Result<(Option<String>, Option<String>)> {
        promise.as_ref().map_or(Ok(()), Self::check)?;
        Ok(promise
            .map(|promise| (promise.key, promise.fingerprint))
            .unzip())
    }
}

impl JobManager {
    /// Puts a job in the queue. If the idempotency key was used before with the same request,
    /// returns the job that the first call created.
    ///
    /// Errors: `invalid_request`, `job_exists`, `idempotency_key_reused`.
    pub async fn create_job(
        &self,
        new: NewJob,
        idempotency: Option<Idempotency>,
    ) -> Result<Created> {
        check(&new, idempotency.as_ref(), self.webhook_policy())?;
        let (new, idempotency) = (self.with_binding(new)?, self.scoped(idempotency));
        self.provide_webhooks([&new]).await?;
        let now = self.now();
        let created = self.db.commit(self.new_job(new, idempotency, now)).await?;
        request::note_job(&created.job.id);
        Ok(created)
    }

    /// Adds the labels that the caller is bound to.
    ///
    /// Errors: `outside_binding`, for another type or label.
    pub(in crate::jobs) fn with_binding(&self, mut new: NewJob) -> Result<NewJob> {
        let Some(binding) = self.binding() else {
            return Ok(new);
        };
        if !binding.holds_type(&new.job_type) {
            return Err(Error::OutsideBinding(format!(
                "The key of the call is bound to jobs of the types {}: use one of these.",
                binding.job_types.join(", ")
            )));
        }
        for (key, bound) in &binding.labels {
            let given = new
                .labels
                .entry(key.clone())
                .or_insert_with(|| bound.clone());
            if given != bound {
                return Err(Error::OutsideBinding(format!(
                    "The key of the call is bound to the label {key}={bound}: leave the label out."
                )));
            }
        }
        let mut checks = validate::Checks::default();
        checks.labels("/labels", &new.labels);
        checks.finish()?;
        Ok(new)
    }

    /// Returns an idempotency key that callers with another binding cannot use: the answer to its
    /// first call is about a job that there may not be for them.
    pub(in crate::jobs) fn scoped(&self, given: Option<Idempotency>) -> Option<Idempotency> {
        let Some(scope) = self.binding().and_then(Binding::text) else {
            return given;
        };
        let key = |given: &Idempotency| {
            let digest = Sha256::digest(format!("{scope}\n{}", given.key));
            format!("bound:{}", hex(&digest))
        };
        given.map(|given| Idempotency {
            key: key(&given),
            fingerprint: given.fingerprint,
        })
    }

    /// Checks the key, and splits what is stored of it into its columns.
    pub(in crate::jobs) fn idempotency_columns(
        &self,
        given: Option<Idempotency>,
    ) -> Result<(Option<String>, Option<String>)> {
        given.as_ref().map_or(Ok(()), Idempotency::check)?;
        Idempotency::parts(self.scoped(given))
    }

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
        let (key, fingerprint) = idempotency.map(|i| (i.key, i.fingerprint)).unzip();
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
            max_attempts: new.max_attempts.unwrap_or(3),
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
    let row = |(idx, item): (i32, NewItem)| job_item::Model {
        job_id: job_id.to_owned(),
        idx,
        key: item.key,
        status: ItemStatus::Pending,
        input: item.input.filter(|v| !v.is_null()),
        result: None,
        error: None,
        attempt: 0,
        created_at: now,
        updated_at: now,
        started_at: None,
        completed_at: None,
    };
    (0..).zip(items).map(row).collect()
}

/// Checks the fields of a job as [`JobManager::create_job`] does, without a database.
///
/// Errors: `invalid_request`, `item_conflict`.
pub fn check_new_job(new: &NewJob) -> Result<()> {
    check(new, None, &OutboundPolicy::default())
}

pub(in crate::jobs) fn check(
    new: &NewJob,
    idempotency: Option<&Idempotency>,
    policy: &OutboundPolicy,
) -> Result<()> {
    let mut checks = validate::Checks::default();
    checks.job_type("/job_type", &new.job_type);
    if let Some(id) = &new.job_id {
        checks.id("/job_id", id);
    }
    checks.text("/mode", new.mode.as_deref(), 20);
    checks.text("/content", new.content.as_deref(), usize::MAX);
    checks.text(
        "/user_requirement",
        new.user_requirement.as_deref(),
        usize::MAX,
    );
    checks.text("/style", new.style.as_deref(), validate::MAX_SHORT_CHARS);
    checks.text(
        "/project_title",
        new.project_title.as_deref(),
        validate::MAX_SHORT_CHARS,
    );
    checks.object("/request_data", new.request_data.as_ref());
    checks.object("/context", new.context.as_ref());
    checks.text("/working_dir", new.working_dir.as_deref(), 500);
    checks.text("/episode_id", new.episode_id.as_deref(), 36);
    checks.text("/series_id", new.series_id.as_deref(), 36);
    checks.range("/priority", Some(new.priority), -100, 100);
    checks.time("/run_at", new.run_at);
    checks.range("/max_attempts", new.max_attempts, 1, validate::MAX_ATTEMPTS);
    checks.range(
        "/max_run_seconds",
        new.max_run_seconds,
        1,
        validate::MAX_RUN_SECONDS,
    );
    checks.labels("/labels", &new.labels);
    if let Some(webhook) = &new.webhook {
        check_job_webhook(&mut checks, webhook, policy);
    }
    check_items(&mut checks, &new.items);
    if let Some(client) = &new.client_id {
        checks.name("/client_id", client, validate::MAX_WORKER_ID_CHARS);
    }
    checks.finish()?;
    let mut keys = HashSet::new();
    if let Some(i) = new.items.iter().position(|item| !keys.insert(&item.key)) {
        let detail = "Two items have this key: give each item a different key.";
        return Err(Error::ItemConflict(FieldError::at(
            format!("/items/{i}/key"),
            "duplicate_key",
            detail,
        )));
    }
    idempotency.map_or(Ok(()), Idempotency::check)
}

fn check_items(checks: &mut validate::Checks, items: &[NewItem]) {
    if items.len() > MAX_ITEMS {
        checks.fail(
            "/items",
            "too_many",
            format!(
                "A job can have at most {MAX_ITEMS} items; this one has {}.",
                items.len()
            ),
        );
        return;
    }
    for (i, item) in items.iter().enumerate() {
        if checks.is_full() {
            break;
        }
        checks.name(
            format_args!("/items/{i}/key"),
            &item.key,
            validate::MAX_KEY_CHARS,
        );
        if let Some(input) = &item.input {
            checks.json(format_args!("/items/{i}/input"), input);
        }
    }
}
