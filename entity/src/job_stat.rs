//! `job_stats`: counts of job events by time span and job type.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "job_stats")]
pub struct Model {
    /// Length of the time span in seconds: 60, 900 or 3600.
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub start: DateTimeUtc,
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_type: String,
    pub created: i64,
    pub started: i64,
    pub completed: i64,
    pub failed: i64,
    pub cancelled: i64,
    pub retried: i64,
    /// Histogram of the times that started jobs had waited, as `callsheet::lifecycle::Histogram`.
    #[sea_orm(column_type = "JsonBinary")]
    pub waits: Json,
    /// Histogram of the times that completed or failed jobs had run, as
    /// `callsheet::lifecycle::Histogram`.
    #[sea_orm(column_type = "JsonBinary")]
    pub runs: Json,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
