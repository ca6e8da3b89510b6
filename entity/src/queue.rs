//! `queues`: settings of a job type. A type without settings has no row.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "queues")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_type: String,
    /// Whether claims of this type are paused.
    pub paused: bool,
    /// Maximum running jobs of this type; null for no limit.
    pub max_running: Option<i32>,
    /// Maximum seconds of an attempt of a job without a maximum of its own; null for no limit.
    pub max_run_seconds: Option<i32>,
    /// Seconds for which completed jobs are kept, -1 for ever; null for the default of the server.
    pub keep_completed: Option<i64>,
    pub keep_failed: Option<i64>,
    pub keep_cancelled: Option<i64>,
    /// What comes then: `delete` or `archive`; null for the default of the server.
    pub keep_then: Option<String>,
    /// Whether the media files of deleted jobs stay; null for the default of the server.
    pub keep_media: Option<bool>,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
