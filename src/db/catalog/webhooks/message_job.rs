//! Message about an event, and what it says about the job of the event.

use super::job_url::JobUrl;
use crate::{
    db::{Readable, Tx},
    error::Result,
};
use chrono::{DateTime, Utc};
use entity::{job, job_event};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, prelude::Json};
use std::collections::HashMap;

/// What messages say about a job apart from the event.
#[derive(Clone, Debug, FromQueryResult)]
pub struct MessageJob {
    pub id: String,
    pub project_title: Option<String>,
    pub series_id: Option<String>,
    pub episode_id: Option<String>,
    pub labels: Option<Json>,
    pub priority: i16,
    pub attempt: i32,
    pub max_attempts: i32,
    pub worker_id: Option<String>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    /// Own URL of the job.
    pub webhook: Option<Json>,
}

/// A message to make a delivery of.
pub struct Message {
    /// Kind of message.
    pub kind: &'static str,
    pub body: String,
    /// Where it goes; `None` for the URL of the webhook.
    pub to: Option<JobUrl>,
    /// Whether it is left out if the job had such a message moments ago.
    pub is_progress: bool,
}

/// Returns the jobs of the events, by id.
pub(super) async fn jobs_of(
    tx: &Tx,
    events: &[job_event::Model],
) -> Result<HashMap<String, MessageJob>> {
    use job::Column as J;
    let ids = events.iter().map(|event| event.job_id.as_str());
    let jobs = job::Entity::find()
        .select_only()
        .columns([
            J::Id,
            J::ProjectTitle,
            J::SeriesId,
            J::EpisodeId,
            J::Labels,
            J::Priority,
            J::Attempt,
            J::MaxAttempts,
            J::WorkerId,
            J::CreatedAt,
            J::StartedAt,
            J::CompletedAt,
            J::Webhook,
        ])
        .filter(J::Id.is_in(ids))
        .into_model::<MessageJob>()
        .rows(tx)
        .await?;
    Ok(jobs.into_iter().map(|job| (job.id.clone(), job)).collect())
}
