//! `workers`: who asks for jobs.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub worker_id: String,
    pub host: Option<String>,
    /// Of the worker's program.
    pub version: Option<String>,
    /// The types that it asked for last.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub job_types: Option<Json>,
    pub first_seen_at: DateTimeUtc,
    /// To within a few seconds.
    pub last_seen_at: DateTimeUtc,
    /// Jobs that it was given.
    pub claimed: i64,
    pub completed: i64,
    /// Attempts that it said had failed.
    pub failed: i64,
    /// Jobs that were taken from it when their lease ran out.
    pub rescued: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
