//! Jobs as the API returns them.

use super::{Object, Shot, Time, object, omittable::Omittable};
use crate::jobs::{Counts, Forecast, JobFiles, JobUrl, View};
use chrono::{DateTime, Utc};
use entity::job;
use poem_openapi::{Enum, Object as ObjectShape};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Status of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// The job waits for a worker.
    Queued,
    /// A worker is running the job.
    Processing,
    /// The job ended with a result.
    Completed,
    /// The job ended with an error.
    Failed,
    /// The job was cancelled on request.
    Cancelled,
}

impl From<entity::JobStatus> for JobStatus {
    fn from(status: entity::JobStatus) -> Self {
        match status {
            entity::JobStatus::Queued => Self::Queued,
            entity::JobStatus::Processing => Self::Processing,
            entity::JobStatus::Completed => Self::Completed,
            entity::JobStatus::Failed => Self::Failed,
            entity::JobStatus::Cancelled => Self::Cancelled,
        }
    }
}

impl From<JobStatus> for entity::JobStatus {
    fn from(status: JobStatus) -> Self {
        match status {
            JobStatus::Queued => Self::Queued,
            JobStatus::Processing => Self::Processing,
            JobStatus::Completed => Self::Completed,
            JobStatus::Failed => Self::Failed,
            JobStatus::Cancelled => Self::Cancelled,
        }
    }
}

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

/// A job with its shots.
#[derive(Debug, ObjectShape, Serialize)]
pub struct JobWithShots {
    #[oai(flatten)]
    #[serde(flatten)]
    fields: Job,
    /// Shots of the job, in order.
    shots: Vec<Shot>,
    /// Position of the last shot of this response if the job has more: send it as `after` to
    /// `list_shots`. Null otherwise.
    shots_next_after: Option<i32>,
    /// Place of a due job in the line of its type, 1 for the next one; null if the job does not
    /// wait, is not due, or more than 1,000 jobs are before it.
    queue_position: Option<u32>,
    /// Time when the job is likely to start, by the durations of its type in the last week and the
    /// jobs that run now; null if that is unknown.
    estimated_start_at: Option<Time>,
    /// Time when the job is likely to end; null if that is unknown.
    estimated_end_at: Option<Time>,
    /// Time when the job went into the archive; only of a job that is there.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    archived_at: Option<Time>,
}

/// A job in a list. A summary or preview leaves out content, request_data, request, context and
/// result.
#[derive(Debug, ObjectShape, Serialize)]
pub struct ListedJob {
    #[oai(flatten)]
    #[serde(flatten)]
    fields: Job,
    /// Same as `job_type`, for older clients.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    kind: String,
    /// Same as `request_data`, for older clients.
    #[serde(skip_serializing_if = "Omittable::is_left_out")]
    request: Omittable<Object>,
    /// Path of a picture of the last shot that has one: its last frame, first frame or poster; only in
    /// a preview.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    newest_frame_path: Option<String>,
    /// Path of the picture that the result names; only in a preview.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    poster_path: Option<String>,
    /// Path of the film that the result names, else of the clip of the last shot that has one; only
    /// in a preview.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    newest_clip_path: Option<String>,
}

/// Fields that a summary leaves out of a listed job.
pub const LARGE_FIELDS: [&str; 5] = ["content", "request_data", "request", "context", "result"];

/// Fields that only a preview of a listed job has.
pub const PREVIEW_FIELDS: [&str; 3] = ["newest_frame_path", "poster_path", "newest_clip_path"];

/// A page of jobs.
#[derive(Debug, ObjectShape, Serialize)]
pub struct JobList {
    /// Jobs of the page.
    pub jobs: Vec<ListedJob>,
    /// Position and size of the page.
    pub pagination: Pagination,
    /// Whether more jobs follow, or may follow.
    pub has_more: bool,
    /// Cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
}

/// Position and size of a page.
#[derive(Debug, ObjectShape, Serialize)]
pub struct Pagination {
    /// Number of matching jobs on all pages. At most 1,000 if the server has to count them, and
    /// only among the newest 200,000 jobs if it has to examine each one.
    pub total: u64,
    /// Whether `total` is exact; if false, there may be more.
    pub total_exact: bool,
    /// Maximum number of jobs on a page.
    pub limit: u64,
    /// Number of jobs skipped before this page; 0 when the page was requested by cursor.
    pub offset: u64,
    /// Whether more jobs follow, or may follow.
    pub has_more: bool,
    /// Cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
}

/// Number of jobs by status.
#[derive(Debug, ObjectShape)]
pub struct JobCounts {
    /// Number of queued jobs.
    pub queued: u64,
    /// Number of processing jobs.
    pub processing: u64,
    /// Number of completed jobs.
    pub completed: u64,
    /// Number of failed jobs.
    pub failed: u64,
    /// Number of cancelled jobs.
    pub cancelled: u64,
    /// Sum of all statuses.
    pub total: u64,
}

impl From<Counts> for JobCounts {
    fn from(c: Counts) -> Self {
        let total = c.total();
        let Counts {
            queued,
            processing,
            completed,
            failed,
            cancelled,
        } = c;
        Self {
            queued,
            processing,
            completed,
            failed,
            cancelled,
            total,
        }
    }
}

/// Progress of a job.
#[derive(Debug, ObjectShape)]
pub struct JobProgress {
    /// Id of the job.
    pub job_id: String,
    /// Status of the job.
    pub status: JobStatus,
    /// Progress in percent, 0 to 100.
    pub progress: f64,
    /// Current stage of the work, e.g. `Developing story`.
    pub current_stage: Option<String>,
    /// Number of shots, as far as it is known.
    pub total_shots: i32,
    /// Number of completed shots.
    pub completed_shots: i32,
    /// Version of the job.
    pub version: i64,
}

impl From<job::Model> for JobProgress {
    fn from(job: job::Model) -> Self {
        Self {
            job_id: job.id,
            status: job.status.into(),
            progress: job.progress,
            current_stage: job.current_stage,
            total_shots: job.total_shots,
            completed_shots: job.completed_shots,
            version: job.version,
        }
    }
}

/// A job that was started, and the token of its lease.
#[derive(Debug, ObjectShape, Serialize)]
pub struct StartedJob {
    #[oai(flatten)]
    #[serde(flatten)]
    fields: Job,
    /// Token of the lease, to send with every report; null if the request asked for no lease.
    lease_token: Option<String>,
}

impl StartedJob {
    pub fn new(job: job::Model, lease_token: Option<String>) -> Self {
        Self {
            fields: job.into(),
            lease_token,
        }
    }
}

impl JobWithShots {
    pub fn new(
        job: job::Model,
        shots: Vec<Shot>,
        shots_next_after: Option<i32>,
        forecast: Forecast,
    ) -> Self {
        Self {
            fields: job.into(),
            shots,
            shots_next_after,
            queue_position: forecast.queue_position,
            estimated_start_at: forecast.start_at.map(Into::into),
            estimated_end_at: forecast.end_at.map(Into::into),
            archived_at: None,
        }
    }

    /// Returns a job that is in the archive.
    pub fn archived(job: job::Model, shots: Vec<Shot>, archived_at: DateTime<Utc>) -> Self {
        Self {
            archived_at: Some(archived_at.into()),
            ..Self::new(job, shots, None, Forecast::default())
        }
    }
}

impl ListedJob {
    /// Returns the job with the fields that the view shows.
    pub fn new(job: job::Model, view: View) -> Self {
        let (kind, request) = (job.job_type.clone(), object(job.request_data.clone()));
        let mut listed = Self {
            fields: job.into(),
            kind,
            request: request.into(),
            newest_frame_path: None,
            poster_path: None,
            newest_clip_path: None,
        };
        if view != View::Full {
            listed.fields.content.leave_out();
            listed.fields.request_data.leave_out();
            listed.fields.context.leave_out();
            listed.fields.result.leave_out();
            listed.request.leave_out();
        }
        listed
    }

    pub fn with_preview(self, preview: JobFiles) -> Self {
        Self {
            newest_frame_path: preview.frame,
            poster_path: preview.poster,
            newest_clip_path: preview.clip,
            ..self
        }
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
