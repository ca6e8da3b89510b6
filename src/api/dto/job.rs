//! Jobs as they are given.

use super::{Object, Shot, Time, large::Large, object};
use crate::jobs::{Counts, View};
use entity::job;
use poem_openapi::{Enum, Object as ObjectShape};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Waits for a worker.
    Queued,
    /// Someone works on it.
    Processing,
    /// Ended with a result.
    Completed,
    /// Ended with an error.
    Failed,
    /// Ended because someone asked.
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

/// A job.
#[derive(Debug, ObjectShape, Serialize)]
pub struct Job {
    /// Id of the job.
    pub job_id: String,
    /// Kind of work, e.g. `idea2video`.
    pub job_type: String,
    /// `idea` or `script`, where that is known.
    pub mode: Option<String>,
    pub status: JobStatus,
    /// The idea or script.
    #[serde(skip_serializing_if = "Large::is_left_out")]
    pub content: Large<String>,
    /// What the video has to keep to.
    pub user_requirement: Option<String>,
    /// Visual style.
    pub style: Option<String>,
    /// Title of the project.
    pub project_title: Option<String>,
    /// The request as it was sent.
    #[serde(skip_serializing_if = "Large::is_left_out")]
    pub request_data: Large<Object>,
    /// Whatever the creator wants to keep with the job.
    #[serde(skip_serializing_if = "Large::is_left_out")]
    pub context: Large<Object>,
    /// Percent, 0 to 100.
    pub progress: f64,
    /// What is being done, e.g. `Developing story`.
    pub current_stage: Option<String>,
    /// Folder in which the job's files are.
    pub working_dir: Option<String>,
    /// What came out. `video_path` and `final_video_path` are the same.
    #[serde(skip_serializing_if = "Large::is_left_out")]
    pub result: Large<Object>,
    /// Why it failed, or why the last attempt did.
    pub error: Option<String>,
    /// How many shots there are, as far as that is known.
    pub total_shots: i32,
    /// How many of them are done.
    pub completed_shots: i32,
    /// Episode that the job belongs to.
    pub episode_id: Option<String>,
    /// Series that the job belongs to.
    pub series_id: Option<String>,
    /// When the job was created.
    pub created_at: Time,
    /// When the job last changed.
    pub updated_at: Time,
    /// When the job was first started.
    pub started_at: Option<Time>,
    /// When the job ended.
    pub completed_at: Option<Time>,
    /// -100 to 100; higher runs first.
    pub priority: i16,
    /// Not to be started by a worker before.
    pub run_at: Option<Time>,
    /// How many times the job was started.
    pub attempt: i32,
    /// How many times it may be started before a failure is final.
    pub max_attempts: i32,
    /// Who works on it, or did last.
    pub worker_id: Option<String>,
    /// When the worker's lease runs out.
    pub lease_expires_at: Option<Time>,
    /// Since when the worker is asked to let go.
    pub cancel_requested_at: Option<Time>,
    /// Steps by one at every change; the number in the ETag.
    pub version: i64,
    /// Up to 16 pairs of texts.
    pub labels: BTreeMap<String, String>,
    /// Older store that the job was imported from.
    pub source: Option<String>,
    /// Raw status in that store.
    pub source_status: Option<String>,
}

/// A job with its shots.
#[derive(Debug, ObjectShape, Serialize)]
pub struct JobWithShots {
    #[oai(flatten)]
    #[serde(flatten)]
    fields: Job,
    /// The shots of the job, in order.
    shots: Vec<Shot>,
    /// Position of the last of them where the job has more than an answer holds: to be sent as `after` to list_shots.
    shots_next_after: Option<i32>,
}

/// A job in a list. A summary, and a preview, leaves out content, request_data, request, context and result.
#[derive(Debug, ObjectShape, Serialize)]
pub struct ListedJob {
    #[oai(flatten)]
    #[serde(flatten)]
    fields: Job,
    /// The same as job_type, for older clients.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    kind: String,
    /// The same as request_data, for older clients.
    #[serde(skip_serializing_if = "Large::is_left_out")]
    request: Large<Object>,
    /// In a preview, path of the last frame of the last shot that has one.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    newest_frame_path: Option<String>,
}

/// What a summary leaves out of a listed job.
pub const LARGE_FIELDS: [&str; 5] = ["content", "request_data", "request", "context", "result"];

/// A page of jobs.
#[derive(Debug, ObjectShape, Serialize)]
pub struct JobList {
    pub jobs: Vec<ListedJob>,
    pub pagination: Pagination,
}

/// Where a page stands among the others.
#[derive(Debug, ObjectShape, Serialize)]
pub struct Pagination {
    /// How many there are under the filter, on all pages; at most 1000 where only counting would tell, and among the newest
    /// 200,000 where each job has to be looked at.
    pub total: u64,
    /// False when there may be more than `total`.
    pub total_exact: bool,
    /// Rows of a page.
    pub limit: u64,
    /// How many rows come before this page; 0 when it was asked for by cursor.
    pub offset: u64,
    /// More follow, or may follow.
    pub has_more: bool,
    /// Names the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// Jobs by status.
#[derive(Debug, ObjectShape)]
pub struct JobCounts {
    pub queued: u64,
    pub processing: u64,
    pub completed: u64,
    pub failed: u64,
    pub cancelled: u64,
    /// All of them.
    pub total: u64,
}

impl From<Counts> for JobCounts {
    fn from(c: Counts) -> Self {
        let total = c.total();
        let Counts { queued, processing, completed, failed, cancelled } = c;
        Self { queued, processing, completed, failed, cancelled, total }
    }
}

impl JobWithShots {
    pub fn new(job: job::Model, shots: Vec<Shot>, shots_next_after: Option<i32>) -> Self {
        Self { fields: job.into(), shots, shots_next_after }
    }
}

impl ListedJob {
    /// As the view shows it.
    pub fn new(job: job::Model, view: View) -> Self {
        let (kind, request) = (job.job_type.clone(), object(job.request_data.clone()));
        let mut listed = Self { fields: job.into(), kind, request: request.into(), newest_frame_path: None };
        if view != View::Full {
            listed.fields.content.leave_out();
            listed.fields.request_data.leave_out();
            listed.fields.context.leave_out();
            listed.fields.result.leave_out();
            listed.request.leave_out();
        }
        listed
    }

    pub fn with_frame(self, newest_frame_path: Option<String>) -> Self {
        Self { newest_frame_path, ..self }
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
            updated_at: job.updated_at.into(),
            started_at: job.started_at.map(Into::into),
            completed_at: job.completed_at.map(Into::into),
            priority: job.priority,
            run_at: job.run_at.map(Into::into),
            attempt: job.attempt,
            max_attempts: job.max_attempts,
            worker_id: job.worker_id,
            lease_expires_at: job.lease_expires_at.map(Into::into),
            cancel_requested_at: job.cancel_requested_at.map(Into::into),
            version: job.version,
            labels: job.labels.and_then(|l| serde_json::from_value(l).ok()).unwrap_or_default(),
            source: job.source,
            source_status: job.source_status,
        }
    }
}

/// Of `video_path` and `final_video_path`, each stands for the other: half of the older clients read one, half the other.
fn with_both_paths(mut result: Object) -> Object {
    for (one, other) in [("video_path", "final_video_path"), ("final_video_path", "video_path")] {
        if let Some(path) = result.get(one).filter(|p| !p.is_null()).cloned() {
            let there = result.entry(other.to_owned()).or_insert(Value::Null);
            if there.is_null() {
                *there = path;
            }
        }
    }
    result
}
