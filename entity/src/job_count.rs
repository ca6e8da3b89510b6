//! `job_counts`: number of jobs by type and status. Triggers maintain it; nothing else writes to
//! it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "job_counts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_type: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub status: super::job::JobStatus,
    /// Slot that the writing transaction has to itself, on PostgreSQL; 0 on SQLite.
    #[sea_orm(primary_key, auto_increment = false)]
    pub slot: i16,
    /// Part of the count in this slot. The count is the sum over the slots; one of them may be
    /// negative.
    pub jobs: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
