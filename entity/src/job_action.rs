//! `job_actions`: one row for each action on all jobs that match.

use sea_orm::entity::prelude::*;

/// What is done to the jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(20))")]
pub enum ActionKind {
    #[sea_orm(string_value = "cancel")]
    Cancel,
    #[sea_orm(string_value = "retry")]
    Retry,
    #[sea_orm(string_value = "delete")]
    Delete,
    #[sea_orm(string_value = "set_priority")]
    SetPriority,
}

/// Where an action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(20))")]
pub enum ActionStatus {
    #[sea_orm(string_value = "running")]
    Running,
    #[sea_orm(string_value = "completed")]
    Completed,
    #[sea_orm(string_value = "aborted")]
    Aborted,
    #[sea_orm(string_value = "failed")]
    Failed,
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "job_actions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub action: ActionKind,
    /// The new priority, of `set_priority`.
    pub priority: Option<i16>,
    /// As it was given, so that another process can go on.
    #[sea_orm(column_type = "JsonBinary")]
    pub filter: Json,
    /// The filter in words.
    #[sea_orm(column_type = "Text")]
    pub filter_text: String,
    pub status: ActionStatus,
    /// How many jobs matched when it began.
    pub matching: i64,
    pub changed: i64,
    pub skipped: i64,
    pub failed: i64,
    /// Where the last job stands that was acted on.
    pub after_created_at: Option<DateTimeUtc>,
    pub after_id: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub error: Option<String>,
    pub created_at: DateTimeUtc,
    pub finished_at: Option<DateTimeUtc>,
    /// When the action's process was last known to be alive.
    pub heartbeat_at: Option<DateTimeUtc>,
    /// Which process runs it, in the words of `callsheet::process`; null when none does.
    pub process: Option<String>,
    pub idempotency_key: Option<String>,
    /// SHA-256 of the request that came with the key.
    pub idempotency_fingerprint: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
