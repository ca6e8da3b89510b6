//! Jobs as the API returns them.

mod extended;
mod list;
mod status;

pub use extended::{JobWithShots, StartedJob};
pub use list::{JobList, LARGE_FIELDS, ListedJob, PREVIEW_FIELDS, Pagination};
pub use status::{JobCounts, JobProgress, JobStatus};

use super::{Object, Time, object, omittable::Omittable};
use crate::jobs::JobUrl;
use entity::job;
use poem_openapi::Object as ObjectShape;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A job and its current state.
#[derive(Debug, ObjectShape, Serialize)]
pub struct Job {
    /// Id of the job.
    pub job_id: String,
    /// Type of the job, e.g. `idea2video`. Each type is a queue.
    pub job_type: String,
    /// Mode of the input, `idea` or `script`, if known.
    pub mode: Option<String>,
    /// Status of the job.
    pub status: JobStatus,
    /// The idea or script.
    #[serde(skip_serializing_if = "Omittable::is_left_out")]
    pub content: Omittable<String>,
    /// Requirements that the video must meet.
    pub user_requirement: Option<String>,
    /// Visual style of the video.
    pub style: Option<String>,
    /// Title of the project.
    pub project_title: Option<String>,
    /// Original request of the client.
    #[serde(skip_serializing_if = "Omittable::is_left_out")]
    pub request_data: Omittable<Object>,
    /// Data that the creator stores with the job.
    #[serde(skip_serializing_if = "Omittable::is_left_out")]
    pub context: Omittable<Object>,
    /// Progress in percent, 0 to 100.
    pub progress: f64,
    /// Current stage of the work, e.g. `Developing story`.
    pub current_stage: Option<String>,
    /// Folder of the job's files.
    pub working_dir: Option<String>,
    /// Result of the job. `video_path` and `final_video_path` always have the same value.
    #[serde(skip_serializing_if = "Omittable::is_left_out")]
    pub result: Omittable<Object>,
    /// Error of the job, or of its last attempt.
    pub error: Option<String>,
    /// Number of shots, as far as it is known.
    pub total_shots: i32,
    /// Number of completed shots.
    pub completed_shots: i32,
    /// Episode that the job belongs to.
    pub episode_id: Option<String>,
    /// Series that the job belongs to.
    pub series_id: Option<String>,
    /// Time when the job was created.
    pub created_at: Time,
    /// Id of the key that created the job; null if nothing authenticated.
    pub created_by: Option<String>,
    /// Time of the job's last change.
    pub updated_at: Time,
    /// Time of the first start.
    pub started_at: Option<Time>,
    /// Time when the job ended.
    pub completed_at: Option<Time>,
    /// Priority, -100 to 100; workers get jobs with a higher priority first.
    pub priority: i16,
    /// Time before which no worker may start the job.
    pub run_at: Option<Time>,
    /// Number of times the job was started.
    pub attempt: i32,
    /// Maximum number of attempts; a failure of the last one is final.
    pub max_attempts: i32,
    /// Maximum seconds of an attempt; null for the setting of the queue.
    pub max_run_seconds: Option<i32>,
    /// Time when the running attempt reaches its maximum duration and fails; null if it has none.
    pub run_until: Option<Time>,
    /// Number of holds; while there is one, no worker gets the job. A job that its creator runs has
    /// one until a retry, a recover or a release gives it to workers.
    pub holds: i32,
    /// Worker that runs the job, or ran it last.
    pub worker_id: Option<String>,
    /// Time when the worker's lease expires.
    pub lease_expires_at: Option<Time>,
    /// Time of the last heartbeat or report of the worker that runs the job; null if none came yet,
    /// or the job is not running.
    pub last_heard_at: Option<Time>,
    /// Time when cancelling was requested; the worker then has to release the job or fail it.
    pub cancel_requested_at: Option<Time>,
    /// Version of the job, the number in its `ETag`. It grows by one with each change.
    pub version: i64,
    /// Labels of the job, at most 16 pairs of key and value.
    pub labels: BTreeMap<String, String>,
    /// URL that is sent the messages about the job; only of a job that names one.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<JobWebhook>,
    /// Older store from which the job was imported.
    pub source: Option<String>,
    /// Status of the job in that store, unchanged.
    pub source_status: Option<String>,
}

/// URL that is sent the messages about a job.
#[derive(Debug, ObjectShape, Serialize)]
pub struct JobWebhook {
    /// URL without its query, which may hold a secret.
    url: String,
    /// Kinds of messages.
    kinds: Vec<String>,
}

impl JobWebhook {
    fn of(column: Value) -> Option<Self> {
        let own = JobUrl::of(Some(&column))?;
        Some(Self {
            url: own.shown(),
            kinds: own.kinds,
        })
    }
}

impl From<job::Model> for Job {
    fn from(job: job::Model) -> Self {
        Self {
            job_id: job.id,
            job_type: job.job_type,
            mode: job.mode,
            status: job.status.into(),
            content: job.content.into(),
            user_requirement: job.user_requirement,
            style: job.style,
            project_title: job.project_title,
            request_data: object(job.request_data).into(),
            context: object(job.context).into(),
            progress: job.progress,
            current_stage: job.current_stage,
            working_dir: job.working_dir,
            result: object(job.result_data).map(with_both_paths).into(),
            error: job.error_message,
            total_shots: job.total_shots,
            completed_shots: job.completed_shots,
            episode_id: job.episode_id,
            series_id: job.series_id,
            created_at: job.created_at.into(),
            created_by: job.created_by,
            updated_at: job.updated_at.into(),
            started_at: job.started_at.map(Into::into),
            completed_at: job.completed_at.map(Into::into),
            priority: job.priority,
            run_at: job.run_at.map(Into::into),
            attempt: job.attempt,
            max_attempts: job.max_attempts,
            max_run_seconds: job.max_run_seconds,
            run_until: job.run_until.map(Into::into),
            holds: job.holds,
            worker_id: job.worker_id,
            lease_expires_at: job.lease_expires_at.map(Into::into),
            last_heard_at: job.last_heard_at.map(Into::into),
            cancel_requested_at: job.cancel_requested_at.map(Into::into),
            version: job.version,
            labels: job
                .labels
                .and_then(|l| serde_json::from_value(l).ok())
                .unwrap_or_default(),
            webhook: job.webhook.and_then(JobWebhook::of),
            source: job.source,
            source_status: job.source_status,
        }
    }
}

/// Copies `video_path` to `final_video_path` or the other way round, because older clients read
/// only one of them.
fn with_both_paths(mut result: Object) -> Object {
    for (one, other) in [
        ("video_path", "final_video_path"),
        ("final_video_path", "video_path"),
    ] {
        if let Some(path) = result.get(one).filter(|p| !p.is_null()).cloned() {
            let there = result.entry(other.to_owned()).or_insert(Value::Null);
            if there.is_null() {
                *there = path;
            }
        }
    }
    result
}
