//! Rows that belong to a job, as its line has them: items, events, series, episode, active jobs.

use crate::db::hide_kept;
use chrono::{DateTime, Utc};
use entity::{ItemStatus, JobStatus, active_job, episode, job_event, job_item, series};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub(super) struct Item {
    idx: i32,
    key: String,
    status: ItemStatus,
    input: Option<Value>,
    result: Option<Value>,
    error: Option<String>,
    attempt: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub(super) struct Event {
    pub(super) seq: i64,
    kind: String,
    status: JobStatus,
    progress: f64,
    current_stage: Option<String>,
    total_shots: i32,
    completed_shots: i32,
    data: Option<Value>,
    created_at: DateTime<Utc>,
    seconds: Option<f64>,
    #[serde(default)]
    by: Option<By>,
}

#[derive(Deserialize)]
pub(super) struct By {
    key_id: String,
    name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Series {
    series_id: String,
    title: String,
    created_at: DateTime<Utc>,
}

#[derive(Deserialize)]
pub(super) struct Episode {
    episode_id: String,
    title: Option<String>,
    number: Option<i32>,
    created_at: DateTime<Utc>,
    series: Option<Series>,
}

#[derive(Deserialize)]
pub(super) struct Active {
    client_id: String,
    title: Option<String>,
    created_at: DateTime<Utc>,
}

impl Item {
    pub(super) fn into_row(self, job_id: &str) -> job_item::Model {
        job_item::Model {
            job_id: job_id.to_owned(),
            idx: self.idx,
            key: self.key,
            status: self.status,
            input: self.input,
            result: self.result,
            error: self.error,
            attempt: self.attempt,
            created_at: self.created_at,
            updated_at: self.updated_at,
            started_at: self.started_at,
            completed_at: self.completed_at,
        }
    }
}

impl Event {
    pub(super) fn into_row(self, job_id: &str, job_type: &str) -> job_event::Model {
        let (by_key, by_name) = self.by.map(|by| (by.key_id, by.name)).unzip();
        let mut row = job_event::Model {
            id: 0,
            job_id: job_id.to_owned(),
            seq: self.seq,
            kind: self.kind,
            status: self.status,
            progress: self.progress,
            current_stage: self.current_stage,
            total_shots: self.total_shots,
            completed_shots: self.completed_shots,
            data: self.data,
            created_at: self.created_at,
            job_type: Some(job_type.to_owned()),
            seconds: self.seconds,
            by_key,
            by_name: by_name.flatten(),
        };
        hide_kept(&mut row);
        row
    }
}

impl Series {
    pub(super) fn into_row(self) -> series::Model {
        let Self {
            series_id: id,
            title,
            created_at,
        } = self;
        series::Model {
            id,
            title,
            created_at,
            idempotency_key: None,
            idempotency_fingerprint: None,
        }
    }
}

impl Episode {
    pub(super) fn into_rows(self) -> (episode::Model, Option<series::Model>) {
        let series = self.series.map(Series::into_row);
        let row = episode::Model {
            id: self.episode_id,
            series_id: series.as_ref().map(|series| series.id.clone()),
            title: self.title,
            number: self.number,
            created_at: self.created_at,
            idempotency_key: None,
            idempotency_fingerprint: None,
        };
        (row, series)
    }
}

impl Active {
    pub(super) fn into_row(self, job_id: &str) -> active_job::Model {
        let Self {
            client_id,
            title,
            created_at,
        } = self;
        active_job::Model {
            client_id,
            job_id: job_id.to_owned(),
            title,
            created_at,
        }
    }
}
