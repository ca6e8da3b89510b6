//! Active jobs as the API returns them.

use super::{LARGE_FIELDS, ListedJob, Time};
use crate::jobs::View;
use entity::{active_job, job};
use poem_openapi::{
    Object,
    registry::{MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde_json::Value;

/// A job on a client's list.
#[derive(Debug, Object)]
pub struct ActiveJob {
    /// The job, without its large fields.
    pub job: JobSummary,
    /// Title of the job on the client's list.
    pub title: Option<String>,
    /// Time when the job was put on the list.
    pub since: Time,
}

/// Active jobs of a client, latest first. None of them has ended.
#[derive(Debug, Object)]
pub struct ActiveJobs {
    /// Id of the client.
    pub client_id: String,
    /// Active jobs of the client.
    pub active_jobs: Vec<ActiveJob>,
}

/// A job to put on a client's list.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct SetActiveJob {
    /// Id of the client, which a page generates once and keeps.
    #[oai(validator(min_length = 1, max_length = 200))]
    pub client_id: String,
    /// Id of the job.
    #[oai(validator(max_length = 64))]
    pub job_id: String,
    /// Title of the job on the client's list; its project title by default.
    #[oai(validator(max_length = 255))]
    pub title: Option<String>,
}

/// Result of removing jobs from a client's list.
#[derive(Debug, Object)]
pub struct RemovedActiveJobs {
    /// A sentence for people.
    pub message: String,
    /// Number of removed jobs.
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

/// A listed job whose JSON omits the fields that a summary leaves out.
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
        ListedJob::parse_from_json(value)
            .map(Self)
            .map_err(ParseError::propagate)
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

    fn raw_element_iter<'a>(
        &'a self,
    ) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::once(self))
    }
}
