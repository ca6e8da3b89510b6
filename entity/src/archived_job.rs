//! `archived_jobs`: where in which object each archived job is.

use crate::JobStatus;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "archived_jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_id: String,
    pub archive_id: String,
    /// Byte of the object at which the frame of the job begins.
    pub at: i64,
    /// Bytes of the frame.
    pub length: i64,
    pub job_type: String,
    pub status: JobStatus,
    pub created_at: DateTimeUtc,
    pub completed_at: Option<DateTimeUtc>,
    pub version: i64,
    /// Positions of the job's events in the history of all jobs, in the order of their `seq`: a
    /// JSON list of the first one and the distances to the next ones.
    #[sea_orm(column_type = "Text")]
    pub positions: String,
    /// Time when the job was put back into the database; null while it is archived.
    pub restored_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
