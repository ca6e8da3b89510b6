//! Filter of an action: selects the jobs that the action changes.

use crate::{
    db::ActionScope,
    error::{Error, FieldError, Result},
    jobs::{Filter, validate},
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, job};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Maximum number of job ids in one filter.
const MAX_IDS: usize = 1000;

/// Filter in the form stored with the action. A job must match all given fields; of the statuses
/// and of the ids, it must match one each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ActionFilter {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<JobStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub episode_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_after: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_before: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_after: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_before: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub job_ids: Vec<String>,
}

impl ActionFilter {
    /// Returns whether the filter names nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns whether the filter names nothing but times, or every status there is. Whether such a
    /// filter leaves out any job depends on the jobs.
    pub fn is_vague(&self) -> bool {
        let every_status = JobStatus::all().all(|status| self.status.contains(&status));
        let times = Self {
            created_after: self.created_after,
            created_before: self.created_before,
            ended_after: self.ended_after,
            ended_before: self.ended_before,
            ..Self::default()
        };
        let status = if every_status {
            Vec::new()
        } else {
            self.status.clone()
        };
        Self {
            status,
            // Every text has the empty one.
            q: self.q.clone().filter(|words| !words.is_empty()),
            ..self.clone()
        } == times
    }

    pub fn check(&self) -> Result<()> {
        if self.job_ids.len() > MAX_IDS {
            let detail = format!(
                "Too many job ids: name at most {MAX_IDS}, or filter by type, status or labels \
                instead."
            );
            return Err(Error::invalid(FieldError::at(
                "/filter/job_ids",
                "too_many",
                detail,
            )));
        }
        let in_body = |error| match error {
            Error::Invalid(fields) => Error::Invalid(fields.into_iter().map(in_filter).collect()),
            other => other,
        };
        self.list_filter().check().map_err(in_body)?;
        for id in &self.job_ids {
            validate::no_nul_parameter("job_ids", id).map_err(in_body)?;
        }
        Ok(())
    }

    pub fn list_filter(&self) -> Filter {
        Filter {
            job_type: self.job_type.clone(),
            mode: self.mode.clone(),
            series_id: self.series_id.clone(),
            episode_id: self.episode_id.clone(),
            created_by: self.created_by.clone(),
            labels: self.labels.clone().into_iter().collect(),
            created_after: self.created_after,
            created_before: self.created_before,
            ended_after: self.ended_after,
            ended_before: self.ended_before,
            error: self.error.clone(),
            worker_id: self.worker_id.clone(),
            q: self.q.clone(),
            ..Filter::default()
        }
    }

    /// Returns the conditions that [`ActionFilter::list_filter`] does not cover: statuses and ids.
    pub fn scope(&self) -> ActionScope {
        ActionScope {
            statuses: self.status.clone(),
            job_ids: self.job_ids.clone(),
            changed_by: None,
        }
    }

    /// Checks the job's status again, since the job may have changed after the query found it.
    pub fn still_matches(&self, job: &job::Model) -> Result<()> {
        if self.status.is_empty() || self.status.contains(&job.status) {
            return Ok(());
        }
        let detail = format!(
            "The job no longer matches the filter: its status is now {}.",
            job.status
        );
        Err(Error::invalid(FieldError::at(
            "",
            "no_longer_matches",
            detail,
        )))
    }

    /// Describes the filter in words, for display.
    pub fn text(&self) -> String {
        let mut parts = Vec::new();
        let mut say = |what: &str, value: &Option<String>| {
            if let Some(value) = value {
                parts.push(format!("{what} {value}"));
            }
        };
        let statuses: Vec<_> = self.status.iter().map(JobStatus::to_string).collect();
        say(
            "status",
            &(!statuses.is_empty()).then(|| statuses.join(" or ")),
        );
        say("type", &self.job_type);
        say("mode", &self.mode);
        say("series", &self.series_id);
        say("episode", &self.episode_id);
        say("created by", &self.created_by);
        for (key, value) in &self.labels {
            say("label", &Some(format!("{key}={value}")));
        }
        let time = |time: DateTime<Utc>| time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
        say("created since", &self.created_after.map(time));
        say("created before", &self.created_before.map(time));
        say("ended since", &self.ended_after.map(time));
        say("ended before", &self.ended_before.map(time));
        say("worker", &self.worker_id);
        say(
            "error",
            &self.error.as_ref().map(|error| format!("“{error}”")),
        );
        say("text", &self.q.as_ref().map(|q| format!("“{q}”")));
        let named =
            (!self.job_ids.is_empty()).then(|| format!("{} named jobs", self.job_ids.len()));
        parts.extend(named);
        if parts.is_empty() {
            "all jobs".to_owned()
        } else {
            parts.join(", ")
        }
    }
}

fn in_filter(field: FieldError) -> FieldError {
    use crate::error::Location;
    let name = match &field.place {
        Location::Parameter(name) if name == "label" => "labels",
        Location::Parameter(name) => name.as_str(),
        Location::Pointer(pointer) => pointer.trim_start_matches('/'),
    };
    FieldError::at(format!("/filter/{name}"), field.code, field.detail)
}
