//! Webhooks to create, changes of a webhook, and the begin of a replay.

use crate::{
    error::{Error, FieldError},
    jobs::{self, ReplayFrom},
};
use chrono::{DateTime, Utc};
use poem_openapi::Object;
use std::collections::BTreeMap;

/// A webhook to create.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct NewWebhook {
    /// URL of the endpoint: `https://`, and a public address, unless the operator allows others.
    #[oai(validator(min_length = 1, max_length = 2048))]
    pub url: String,
    /// Kinds of messages: `job.created`, `job.started`, `job.progressed`, `job.completed`,
    /// `job.failed`, `job.retry_scheduled`, `job.cancelled`, `schedule.skipped`. By default those
    /// of the ends of jobs: `job.completed`, `job.failed` and `job.cancelled`.
    #[oai(validator(min_items = 1, max_items = 20))]
    pub kinds: Option<Vec<String>>,
    /// Types of the jobs; all by default.
    #[oai(validator(max_items = 16))]
    pub job_types: Option<Vec<String>>,
    /// Labels that the jobs have; none by default.
    #[oai(validator(max_properties = 16))]
    pub labels: Option<BTreeMap<String, String>>,
}

impl From<NewWebhook> for jobs::NewWebhook {
    fn from(new: NewWebhook) -> Self {
        Self {
            url: new.url,
            kinds: new.kinds,
            job_types: new.job_types.unwrap_or_default(),
            labels: new.labels.unwrap_or_default(),
        }
    }
}

/// Fields of a webhook to change. A missing field keeps its value.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct WebhookPatch {
    /// URL of the endpoint.
    #[oai(validator(min_length = 1, max_length = 2048))]
    pub url: Option<String>,
    /// Kinds of messages.
    #[oai(validator(min_items = 1, max_items = 20))]
    pub kinds: Option<Vec<String>>,
    /// Types of the jobs; an empty list for all.
    #[oai(validator(max_items = 16))]
    pub job_types: Option<Vec<String>>,
    /// Labels that the jobs have; an empty object for all jobs.
    #[oai(validator(max_properties = 16))]
    pub labels: Option<BTreeMap<String, String>>,
}

impl From<WebhookPatch> for jobs::WebhookPatch {
    fn from(patch: WebhookPatch) -> Self {
        Self {
            url: patch.url,
            kinds: patch.kinds,
            job_types: patch.job_types,
            labels: patch.labels,
        }
    }
}

/// Where a replay begins: one of the two.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct ReplayWebhook {
    /// Position in the history of all jobs, behind which the replay begins.
    #[oai(validator(minimum(value = "0")))]
    pub position: Option<i64>,
    /// Time of the first event of the replay.
    pub since: Option<DateTime<Utc>>,
}

impl TryFrom<ReplayWebhook> for ReplayFrom {
    type Error = Error;

    fn try_from(from: ReplayWebhook) -> Result<Self, Error> {
        match (from.position, from.since) {
            (Some(position), None) => Ok(Self::Position(position)),
            (None, Some(time)) => Ok(Self::Time(time)),
            _ => Err(Error::invalid(FieldError::at(
                "",
                "one_of",
                "Say where the replay begins: with position or with since, not with both.",
            ))),
        }
    }
}
