//! `job_events`: append-only history of every job.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "job_events")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub job_id: String,
    /// Version of the job after the change: 1, 2, 3, … without gaps.
    pub seq: i64,
    /// Kind of event: a verb in the past tense, such as `created`, `progressed` or `completed`.
    pub kind: String,
    /// Status of the job after the change.
    pub status: super::job::JobStatus,
    pub progress: f64,
    pub current_stage: Option<String>,
    pub total_shots: i32,
    pub completed_shots: i32,
    /// Further data of this kind of event.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub data: Option<Json>,
    pub created_at: DateTimeUtc,
    /// Type of the job.
    pub job_type: Option<String>,
    /// Seconds that the job spent in the status that this event ended; null if the status did not
    /// change.
    pub seconds: Option<f64>,
    /// Key of the caller that caused the event; null for the server itself, and where nothing
    /// authenticated.
    pub by_key: Option<String>,
    /// Name that the key had.
    pub by_name: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
