//! `job_counts`: how many jobs there are by type and status; kept by triggers, never written otherwise.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "job_counts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_type: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub status: super::job::JobStatus,
    /// Which of the transactions at the same time wrote it, on PostgreSQL; 0 on SQLite.
    #[sea_orm(primary_key, auto_increment = false)]
    pub slot: i16,
    /// The sum over the slots is the count; a slot by itself may be negative.
    pub jobs: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
