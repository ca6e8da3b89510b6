//! Bodies that jobs are made and changed with.

use super::{JobStatus, Object};
use crate::jobs;
use chrono::{DateTime, Utc};
use poem_openapi::{Object as ObjectShape, types::MaybeUndefined};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// An idea to be made into a video.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct GenerateIdea {
    /// What the video is about.
    #[oai(validator(min_length = 10))]
    pub idea: String,
    /// What the video has to keep to.
    #[oai(default = "idea_requirement")]
    pub user_requirement: String,
    /// Visual style.
    #[oai(default = "idea_style", validator(max_length = 255))]
    pub style: String,
    /// Title of the project.
    #[oai(validator(max_length = 255))]
    pub project_title: Option<String>,
    /// Who has the job before it until it ends: an id that a page makes up once and keeps.
    #[oai(validator(min_length = 1, max_length = 200))]
    pub client_id: Option<String>,
}

/// A script to be made into a video.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct GenerateScript {
    /// The script.
    #[oai(validator(min_length = 50))]
    pub script: String,
    /// What the video has to keep to.
    #[oai(default = "script_requirement")]
    pub user_requirement: String,
    /// Visual style.
    #[oai(default = "script_style", validator(max_length = 255))]
    pub style: String,
    /// Title of the project.
    #[oai(validator(max_length = 255))]
    pub project_title: Option<String>,
    /// Who has the job before it until it ends: an id that a page makes up once and keeps.
    #[oai(validator(min_length = 1, max_length = 200))]
    pub client_id: Option<String>,
}

fn idea_requirement() -> String {
    "For adults, do not exceed 3 scenes. Each scene should be no more than 5 shots.".to_owned()
}

fn idea_style() -> String {
    "Cartoon style".to_owned()
}

fn script_requirement() -> String {
    "Fast-paced with no more than 15 shots.".to_owned()
}

fn script_style() -> String {
    "Anime Style".to_owned()
}

/// A job to be made.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct NewJob {
    /// Kind of work, e.g. `idea2video`.
    pub job_type: String,
    /// Id of the job; one is made up when left out.
    pub job_id: Option<String>,
    /// `idea` or `script`.
    #[oai(validator(max_length = 20))]
    pub mode: Option<String>,
    /// The idea or script.
    pub content: Option<String>,
    /// What the video has to keep to.
    pub user_requirement: Option<String>,
    /// Visual style.
    #[oai(validator(max_length = 255))]
    pub style: Option<String>,
    /// Title of the project.
    #[oai(validator(max_length = 255))]
    pub project_title: Option<String>,
    /// The request as it was sent to the creator.
    pub request_data: Option<Object>,
    /// Whatever is to be kept with the job.
    pub context: Option<Object>,
    /// Folder for the job's files; `.working_dir/{job_type}/{job_id}` when left out.
    #[oai(validator(max_length = 500))]
    pub working_dir: Option<String>,
    /// Episode that the job belongs to.
    #[oai(validator(max_length = 36))]
    pub episode_id: Option<String>,
    /// Series that the job belongs to.
    #[oai(validator(max_length = 36))]
    pub series_id: Option<String>,
    /// Higher runs first.
    #[oai(validator(minimum(value = "-100"), maximum(value = "100")))]
    pub priority: Option<i16>,
    /// Not to be started by a worker before.
    pub run_at: Option<DateTime<Utc>>,
    /// How many times it may be started before a failure is final; 3 when left out.
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    pub max_attempts: Option<i32>,
    /// Up to 16 pairs of texts.
    #[oai(validator(max_properties = 16))]
    pub labels: Option<BTreeMap<String, String>>,
    /// The parts of the job, e.g. its shots.
    #[oai(validator(max_items = 10000))]
    pub items: Option<Vec<NewItem>>,
    /// Who has the job before it until it ends: an id that a page makes up once and keeps.
    #[oai(validator(min_length = 1, max_length = 200))]
    pub client_id: Option<String>,
}

/// Jobs to be made.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct NewJobs {
    #[oai(validator(min_items = 1, max_items = 1000))]
    pub jobs: Vec<NewJob>,
}

/// A part of a job to be made.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct NewItem {
    /// Name of the item, unique in the job.
    #[oai(validator(min_length = 1, max_length = 255))]
    pub key: String,
    /// What is to be worked on.
    pub input: Option<Value>,
}

impl From<NewJob> for jobs::NewJob {
    fn from(new: NewJob) -> Self {
        let item = |item: NewItem| jobs::NewItem { key: item.key, input: item.input };
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
            labels: new.labels.unwrap_or_default(),
            items: new.items.unwrap_or_default().into_iter().map(item).collect(),
            client_id: new.client_id,
        }
    }
}

/// A merge patch (RFC 7396) of a job: what is left out stays, null clears, objects are merged member by member.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct JobPatch {
    /// A transition, checked as such, in the same write as the other fields.
    pub status: Option<JobStatus>,
    #[oai(validator(max_length = 20))]
    pub mode: MaybeUndefined<String>,
    pub content: MaybeUndefined<String>,
    pub user_requirement: MaybeUndefined<String>,
    #[oai(validator(max_length = 255))]
    pub style: MaybeUndefined<String>,
    #[oai(validator(max_length = 255))]
    pub project_title: MaybeUndefined<String>,
    pub request_data: MaybeUndefined<Object>,
    pub context: MaybeUndefined<Object>,
    /// Percent; while the job is processing.
    #[oai(validator(minimum(value = "0"), maximum(value = "100")))]
    pub progress: Option<f64>,
    /// While the job is processing.
    #[oai(validator(max_length = 255))]
    pub current_stage: MaybeUndefined<String>,
    #[oai(validator(max_length = 500))]
    pub working_dir: MaybeUndefined<String>,
    pub result: MaybeUndefined<Object>,
    pub error: MaybeUndefined<String>,
    /// While the job is processing.
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub total_shots: Option<i32>,
    /// While the job is processing; at most total_shots.
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub completed_shots: Option<i32>,
    #[oai(validator(max_length = 36))]
    pub episode_id: MaybeUndefined<String>,
    #[oai(validator(max_length = 36))]
    pub series_id: MaybeUndefined<String>,
    #[oai(validator(minimum(value = "-100"), maximum(value = "100")))]
    pub priority: Option<i16>,
    pub run_at: MaybeUndefined<DateTime<Utc>>,
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    pub max_attempts: Option<i32>,
    /// A label with null is removed.
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
            labels: given(patch.labels),
        }
    }
}

/// An object as the verbs take it.
pub fn members(object: Object) -> Map<String, Value> {
    object.into_iter().collect()
}

fn given<T>(field: MaybeUndefined<T>) -> Option<Option<T>> {
    match field {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}
