//! Active jobs as they are given.

use super::{LARGE_FIELDS, ListedJob, Time};
use crate::jobs::View;
use entity::{active_job, job};
use poem_openapi::{
    Object,
    registry::{MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde_json::Value;

/// A job that a client has before it.
#[derive(Debug, Object)]
pub struct ActiveJob {
    pub job: JobSummary,
    /// What the client calls the job.
    pub title: Option<String>,
    /// Since when the client has it before it.
    pub since: Time,
}

/// The jobs that a client has before it, the latest first. None of them has ended.
#[derive(Debug, Object)]
pub struct ActiveJobs {
    pub client_id: String,
    pub active_jobs: Vec<ActiveJob>,
}

/// A job to be put before a client.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct SetActiveJob {
    /// Who has the job before it: an id that a page makes up once and keeps.
    #[oai(validator(min_length = 1, max_length = 200))]
    pub client_id: String,
    /// Id of the job.
    #[oai(validator(max_length = 64))]
    pub job_id: String,
    /// What the client calls the job; its project's title when left out.
    #[oai(validator(max_length = 255))]
    pub title: Option<String>,
}

/// Jobs that were taken from a client.
#[derive(Debug, Object)]
pub struct RemovedActiveJobs {
    pub message: String,
    /// How many there were.
    pub removed: u64,
}

impl From<(active_job::Model, job::Model)> for ActiveJob {
    fn from((active, job): (active_job::Model, job::Model)) -> Self {
        Self {
            job: JobSummary(ListedJob::new(job, View::Summary)),
            title: active.title,
            since: active.created_at.into(),
        }
    }
}

/// A listed job without a trace of what a summary leaves out.
#[derive(Debug)]
pub struct JobSummary(ListedJob);

impl ToJSON for JobSummary {
    fn to_json(&self) -> Option<Value> {
        let mut job = self.0.to_json()?;
        for field in LARGE_FIELDS {
            job.as_object_mut()?.remove(field);
        }
        Some(job)
    }
}

impl ParseFromJSON for JobSummary {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        ListedJob::parse_from_json(value).map(Self).map_err(ParseError::propagate)
    }
}

impl Type for JobSummary {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> std::borrow::Cow<'static, str> {
        ListedJob::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        ListedJob::schema_ref()
    }

    fn register(registry: &mut Registry) {
        ListedJob::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::once(self))
    }
}
