//! Requests that create and change jobs.

use super::{JobStatus, Object, given, members};
use crate::jobs;
use chrono::{DateTime, Utc};
use poem_openapi::{Enum, Object as ObjectShape, types::MaybeUndefined};
use serde_json::Value;
use std::collections::BTreeMap;

/// A job to create.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct NewJob {
    /// Type of the job, e.g. `idea2video`. Each type is a queue.
    pub job_type: String,
    /// Id of the job; the server generates one by default.
    pub job_id: Option<String>,
    /// Mode of the input, `idea` or `script`.
    #[oai(validator(max_length = 20))]
    pub mode: Option<String>,
    /// The idea or script.
    pub content: Option<String>,
    /// Requirements that the video must meet.
    pub user_requirement: Option<String>,
    /// Visual style of the video.
    #[oai(validator(max_length = 255))]
    pub style: Option<String>,
    /// Title of the project.
    #[oai(validator(max_length = 255))]
    pub project_title: Option<String>,
    /// Original request that the creator received.
    pub request_data: Option<Object>,
    /// Data to store with the job.
    pub context: Option<Object>,
    /// Folder of the job's files; `.working_dir/{job_type}/{job_id}` by default.
    #[oai(validator(max_length = 500))]
    pub working_dir: Option<String>,
    /// Episode that the job belongs to.
    #[oai(validator(max_length = 36))]
    pub episode_id: Option<String>,
    /// Series that the job belongs to.
    #[oai(validator(max_length = 36))]
    pub series_id: Option<String>,
    /// Priority, 0 by default; workers get jobs with a higher priority first.
    #[oai(validator(minimum(value = "-100"), maximum(value = "100")))]
    pub priority: Option<i16>,
    /// Time before which no worker may start the job.
    pub run_at: Option<DateTime<Utc>>,
    /// Maximum number of attempts; a failure of the last one is final. 3 by default.
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    pub max_attempts: Option<i32>,
    /// Maximum seconds of an attempt, at most a year; an attempt that takes longer fails. By
    /// default, the setting of the queue applies.
    #[oai(validator(minimum(value = "1"), maximum(value = "31536000")))]
    pub max_run_seconds: Option<i32>,
    /// Labels of the job, at most 16 pairs of key and value.
    #[oai(validator(max_properties = 16))]
    pub labels: Option<BTreeMap<String, String>>,
    /// URL that is sent the messages about the job.
    pub webhook: Option<NewJobWebhook>,
    /// Parts of the job, e.g. its shots.
    #[oai(validator(max_items = 10000))]
    pub items: Option<Vec<NewItem>>,
    /// Client that lists the job as active until it ends: an id that a page generates once and
    /// keeps.
    #[oai(validator(min_length = 1, max_length = 200))]
    pub client_id: Option<String>,
    /// Who runs the job; `workers` by default.
    pub run: Option<RunBy>,
}

/// Who runs a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum RunBy {
    /// The worker that claims the job.
    Workers,
    /// The creator of the job, which reports without a lease. No worker gets the job until a retry,
    /// a recover or a release gives it to workers.
    Creator,
}

/// A URL that is sent the messages about a job.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct NewJobWebhook {
    /// URL of the endpoint: `https://`, and a public address, unless the operator allows others.
    #[oai(validator(min_length = 1, max_length = 2048))]
    pub url: String,
    /// Kinds of messages: `job.created`, `job.started`, `job.progressed`, `job.completed`,
    /// `job.failed`, `job.retry_scheduled`, `job.cancelled`. By default those of the ends of jobs:
    /// `job.completed`, `job.failed` and `job.cancelled`.
    #[oai(validator(min_items = 1, max_items = 20))]
    pub kinds: Option<Vec<String>>,
}

/// Jobs to create in one call.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct NewJobs {
    /// Jobs to create.
    #[oai(validator(min_items = 1, max_items = 1000))]
    pub jobs: Vec<NewJob>,
}

/// A part of a job to create.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct NewItem {
    /// Name of the item, unique in the job.
    #[oai(validator(min_length = 1, max_length = 255))]
    pub key: String,
    /// Input of the item for the worker.
    pub input: Option<Value>,
}

impl From<NewJob> for jobs::NewJob {
    fn from(new: NewJob) -> Self {
        let item = |item: NewItem| jobs::NewItem {
            key: item.key,
            input: item.input,
        };
        Self {
            job_type: new.job_type,
            job_id: new.job_id,
            mode: new.mode,
            content: new.content,
            user_requirement: new.user_requirement,
            style: new.style,
            project_title: new.project_title,
            request_data: new.request_data.map(members),
            context: new.context.map(members),
            working_dir: new.working_dir,
            episode_id: new.episode_id,
            series_id: new.series_id,
            priority: new.priority.unwrap_or_default(),
            run_at: new.run_at,
            max_attempts: new.max_attempts,
            max_run_seconds: new.max_run_seconds,
            labels: new.labels.unwrap_or_default(),
            webhook: new.webhook.map(|new| jobs::NewJobWebhook {
                url: new.url,
                kinds: new.kinds,
            }),
            items: new
                .items
                .unwrap_or_default()
                .into_iter()
                .map(item)
                .collect(),
            client_id: new.client_id,
            run: match new.run {
                Some(RunBy::Creator) => jobs::RunBy::Creator,
                _ => jobs::RunBy::Workers,
            },
        }
    }
}

/// A JSON merge patch (RFC 7396) of a job: a missing field keeps its value, null clears it, and
/// objects are merged member by member.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct JobPatch {
    /// New status. The server checks the transition and writes it together with the other fields.
    pub status: Option<JobStatus>,
    /// Mode of the input, `idea` or `script`.
    #[oai(validator(max_length = 20))]
    pub mode: MaybeUndefined<String>,
    /// The idea or script.
    pub content: MaybeUndefined<String>,
    /// Requirements that the video must meet.
    pub user_requirement: MaybeUndefined<String>,
    /// Visual style of the video.
    #[oai(validator(max_length = 255))]
    pub style: MaybeUndefined<String>,
    /// Title of the project.
    #[oai(validator(max_length = 255))]
    pub project_title: MaybeUndefined<String>,
    /// Original request of the client, merged with what is there.
    pub request_data: MaybeUndefined<Object>,
    /// Data to store with the job, merged with what is there.
    pub context: MaybeUndefined<Object>,
    /// Progress in percent; only while the job is processing.
    #[oai(validator(minimum(value = "0"), maximum(value = "100")))]
    pub progress: Option<f64>,
    /// Current stage of the work; only while the job is processing.
    #[oai(validator(max_length = 255))]
    pub current_stage: MaybeUndefined<String>,
    /// Folder of the job's files.
    #[oai(validator(max_length = 500))]
    pub working_dir: MaybeUndefined<String>,
    /// Result of the job, merged with what is there.
    pub result: MaybeUndefined<Object>,
    /// Error of the job.
    pub error: MaybeUndefined<String>,
    /// Number of shots; only while the job is processing, or if it ended without items.
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub total_shots: Option<i32>,
    /// Number of completed shots, at most `total_shots`; only while the job is processing, or if it
    /// ended without items.
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub completed_shots: Option<i32>,
    /// Episode that the job belongs to.
    #[oai(validator(max_length = 36))]
    pub episode_id: MaybeUndefined<String>,
    /// Series that the job belongs to.
    #[oai(validator(max_length = 36))]
    pub series_id: MaybeUndefined<String>,
    /// Priority; workers get jobs with a higher priority first.
    #[oai(validator(minimum(value = "-100"), maximum(value = "100")))]
    pub priority: Option<i16>,
    /// Time before which no worker may start the job.
    pub run_at: MaybeUndefined<DateTime<Utc>>,
    /// Maximum number of attempts; a failure of the last one is final.
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    pub max_attempts: Option<i32>,
    /// Maximum seconds of an attempt; it applies from the next attempt on.
    #[oai(validator(minimum(value = "1"), maximum(value = "31536000")))]
    pub max_run_seconds: MaybeUndefined<i32>,
    /// Labels to set; a label with null is removed.
    pub labels: MaybeUndefined<BTreeMap<String, Option<String>>>,
}

impl From<JobPatch> for jobs::JobPatch {
    fn from(patch: JobPatch) -> Self {
        Self {
            status: patch.status.map(Into::into),
            mode: given(patch.mode),
            content: given(patch.content),
            user_requirement: given(patch.user_requirement),
            style: given(patch.style),
            project_title: given(patch.project_title),
            request_data: given(patch.request_data).map(|o| o.map(members)),
            context: given(patch.context).map(|o| o.map(members)),
            progress: patch.progress,
            current_stage: given(patch.current_stage),
            working_dir: given(patch.working_dir),
            result: given(patch.result).map(|o| o.map(members)),
            error: given(patch.error),
            total_shots: patch.total_shots,
            completed_shots: patch.completed_shots,
            episode_id: given(patch.episode_id),
            series_id: given(patch.series_id),
            priority: patch.priority,
            run_at: given(patch.run_at),
            max_attempts: patch.max_attempts,
            max_run_seconds: given(patch.max_run_seconds),
            labels: given(patch.labels),
        }
    }
}
