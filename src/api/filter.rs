//! Filter parameters that the list and the count of jobs have in common.

use super::{dto::JobStatus, paging::wrong};
use crate::jobs::Filter;
use chrono::{DateTime, Utc};
use poem::Result;

/// Filter parameters as the request has them.
pub struct Given {
    pub status: Option<JobStatus>,
    pub job_type: Option<String>,
    pub mode: Option<String>,
    pub series_id: Option<String>,
    pub episode_id: Option<String>,
    pub created_by: Option<String>,
    pub label: Vec<String>,
    pub created_after: Option<DateTime<Utc>>,
    pub created_before: Option<DateTime<Utc>>,
    pub ended_after: Option<DateTime<Utc>>,
    pub ended_before: Option<DateTime<Utc>>,
    pub error: Option<String>,
    pub worker_id: Option<String>,
    pub q: Option<String>,
}

/// Converts the parameters to a filter.
pub fn filter(given: Given) -> Result<Filter> {
    Ok(Filter {
        status: given.status.map(Into::into),
        job_type: given.job_type,
        job_types: Vec::new(),
        mode: given.mode,
        series_id: given.series_id,
        episode_id: given.episode_id,
        created_by: given.created_by,
        labels: given
            .label
            .iter()
            .map(|text| pair(text))
            .collect::<Result<_>>()?,
        created_after: given.created_after,
        created_before: given.created_before,
        ended_after: given.ended_after,
        ended_before: given.ended_before,
        error: given.error,
        worker_id: given.worker_id,
        q: given.q,
    })
}

/// Parses a label of the form `KEY=VALUE`.
pub fn pair(text: &str) -> Result<(String, String)> {
    let detail = "Invalid label: use label=KEY=VALUE, e.g. label=team=red.";
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| wrong("label", "invalid_label", detail))?;
    Ok((key.to_owned(), value.to_owned()))
}
