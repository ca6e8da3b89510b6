//! Reads the JSON line of a job back into its rows. An export has no lease tokens and no
//! idempotency keys, which only one caller may know. A leased job gets a token that no worker has,
//! so that its lease expires.

use crate::{
    db::write::{ImportedJob, OwnRows},
    job_line::own_rows::{Active, Episode, Event, Item, Series},
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, job};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Reason why a record is no exported job.
#[derive(Debug)]
pub enum NotAJob {
    MissingId,
    /// A sentence that says what is wrong.
    Wrong(String),
}

/// Parses an exported job into its rows.
pub fn rows(record: Map<String, Value>) -> Result<ImportedJob, NotAJob> {
    let exported: Exported = serde_json::from_value(Value::Object(record)).map_err(|error| {
        NotAJob::Wrong(format!(
            "The record is not a job in Callsheet's export format: {error}."
        ))
    })?;
    exported.check()?;
    Ok(exported.into_rows())
}

#[derive(Deserialize)]
struct Exported {
    job_id: String,
    job_type: String,
    mode: Option<String>,
    status: JobStatus,
    content: Option<String>,
    user_requirement: Option<String>,
    style: Option<String>,
    project_title: Option<String>,
    request_data: Option<Value>,
    context: Option<Value>,
    progress: f64,
    current_stage: Option<String>,
    working_dir: Option<String>,
    result: Option<Value>,
    error: Option<String>,
    total_shots: i32,
    completed_shots: i32,
    items: Vec<Item>,
    episode_id: Option<String>,
    series_id: Option<String>,
    created_at: DateTime<Utc>,
    #[serde(default)]
    created_by: Option<String>,
    updated_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    priority: i16,
    run_at: Option<DateTime<Utc>>,
    attempt: i32,
    max_attempts: i32,
    worker_id: Option<String>,
    lease_expires_at: Option<DateTime<Utc>>,
    cancel_requested_at: Option<DateTime<Utc>>,
    version: i64,
    labels: Option<Map<String, Value>>,
    source: Option<String>,
    source_status: Option<String>,
    #[serde(default)]
    max_run_seconds: Option<i32>,
    #[serde(default)]
    webhook: Option<Value>,
    #[serde(default)]
    holds: i32,
    status_since: Option<DateTime<Utc>>,
    // The exports of the first version of Callsheet end here.
    series: Option<Series>,
    episode: Option<Episode>,
    #[serde(default)]
    active_jobs: Vec<Active>,
    #[serde(default)]
    events: Vec<Event>,
}

impl Exported {
    /// Checks the relations between the rows. A later check, the same for all stores, covers the
    /// values of each row.
    fn check(&self) -> Result<(), NotAJob> {
        if self.job_id.is_empty() {
            return Err(NotAJob::MissingId);
        }
        let steps = self.events.windows(2).all(|pair| pair[0].seq < pair[1].seq);
        if !steps
            || self
                .events
                .last()
                .is_some_and(|last| last.seq != self.version)
        {
            return Err(NotAJob::Wrong(format!(
                "The sequence numbers of this job's events must increase and end at its version, \
                {}.",
                self.version
            )));
        }
        Ok(())
    }

    fn into_rows(self) -> ImportedJob {
        let id = self.job_id;
        let items = self
            .items
            .into_iter()
            .map(|item| item.into_row(&id))
            .collect();
        let episode = self.episode.map(|episode| episode.into_rows());
        let (episode, of_episode) =
            episode.map_or((None, None), |(episode, series)| (Some(episode), series));
        let own = OwnRows {
            history: self
                .events
                .into_iter()
                .map(|event| event.into_row(&id, &self.job_type))
                .collect(),
            series: self
                .series
                .map(Series::into_row)
                .into_iter()
                .chain(of_episode)
                .collect(),
            episode,
            active: self
                .active_jobs
                .into_iter()
                .map(|active| active.into_row(&id))
                .collect(),
        };
        let job = job::Model {
            job_type: self.job_type,
            mode: self.mode,
            content: self.content,
            user_requirement: self.user_requirement,
            style: self.style,
            project_title: self.project_title,
            request_data: self.request_data,
            context: self.context,
            working_dir: self.working_dir,
            episode_id: self.episode_id,
            series_id: self.series_id,
            priority: self.priority,
            run_at: self.run_at,
            max_attempts: self.max_attempts,
            labels: self
                .labels
                .filter(|labels| !labels.is_empty())
                .map(Value::Object),
            idempotency_key: None,
            idempotency_fingerprint: None,
            source: self.source,
            source_status: self.source_status,
            max_run_seconds: self.max_run_seconds,
            webhook: self.webhook,
            status: self.status,
            progress: self.progress,
            current_stage: self.current_stage,
            result_data: self.result,
            error_message: self.error,
            total_shots: self.total_shots,
            completed_shots: self.completed_shots,
            created_at: self.created_at,
            created_by: self.created_by,
            updated_at: self.updated_at,
            started_at: self.started_at,
            completed_at: self.completed_at,
            attempt: self.attempt,
            worker_id: self.worker_id,
            // The database code assigns a token when it writes the job.
            lease_token: None,
            lease_expires_at: self.lease_expires_at,
            cancel_requested_at: self.cancel_requested_at,
            version: self.version,
            status_since: self.status_since,
            last_lease_token: None,
            claim_id: None,
            // The worker that holds it was heard of.
            last_heard_at: self.lease_expires_at.map(|_| self.updated_at),
            unheard_claims: 0,
            run_until: None,
            holds: self.holds,
            id,
        };
        ImportedJob {
            job,
            items,
            active: None,
            schedule: None,
            own: Some(Box::new(own)),
        }
    }
}
