//! `workers`: programs that claim jobs.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub worker_id: String,
    pub host: Option<String>,
    /// Version of the worker's program.
    pub version: Option<String>,
    /// Job types of its last claim.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub job_types: Option<Json>,
    pub first_seen_at: DateTimeUtc,
    /// Time of its last call, to within a few seconds.
    pub last_seen_at: DateTimeUtc,
    /// Number of jobs that it has claimed.
    pub claimed: i64,
    pub completed: i64,
    /// Number of attempts that it reported as failed.
    pub failed: i64,
    /// Number of jobs that the server took back when their lease expired.
    pub rescued: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
