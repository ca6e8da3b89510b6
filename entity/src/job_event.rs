//! `job_events`: the append-only history of every job.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "job_events")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub job_id: String,
    /// The version that the job had after the change: 1, 2, 3, … without gaps.
    pub seq: i64,
    /// What happened: the verb in the past tense, e.g. `created`, `progressed`, `completed`.
    pub kind: String,
    /// The job's status after the change.
    pub status: super::job::JobStatus,
    pub progress: f64,
    pub current_stage: Option<String>,
    pub total_shots: i32,
    pub completed_shots: i32,
    /// What else is worth telling of this kind of event.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub data: Option<Json>,
    pub created_at: DateTimeUtc,
    /// Of the job.
    pub job_type: Option<String>,
    /// How long the job had been in the status that this event ended; null when it changed none.
    pub seconds: Option<f64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
