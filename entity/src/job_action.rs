//! `job_actions`: one row per action on all matching jobs.

use sea_orm::entity::prelude::*;

/// Change that an action makes to its jobs.
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
    /// Puts archived jobs back.
    #[sea_orm(string_value = "restore")]
    Restore,
    /// Puts back what another action changed.
    #[sea_orm(string_value = "undo")]
    Undo,
}

/// Status of an action.
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
    /// New priority, for `set_priority`.
    pub priority: Option<i16>,
    /// Filter as the client sent it, so that another process can continue the action.
    #[sea_orm(column_type = "JsonBinary")]
    pub filter: Json,
    /// Description of the filter in words.
    #[sea_orm(column_type = "Text")]
    pub filter_text: String,
    pub status: ActionStatus,
    /// Number of matching jobs when the action began.
    pub matching: i64,
    pub changed: i64,
    pub skipped: i64,
    pub failed: i64,
    /// Keyset cursor, first column: creation time of the last job that the action processed.
    pub after_created_at: Option<DateTimeUtc>,
    pub after_id: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub error: Option<String>,
    pub created_at: DateTimeUtc,
    /// Key of the caller that started the action; null if nothing authenticated.
    pub by_key: Option<String>,
    /// Name that the key had.
    pub by_name: Option<String>,
    pub finished_at: Option<DateTimeUtc>,
    /// Time of the last heartbeat of the action's process.
    pub heartbeat_at: Option<DateTimeUtc>,
    /// Process that runs it, as named by `callsheet::process`; null if none does.
    pub process: Option<String>,
    pub idempotency_key: Option<String>,
    /// SHA-256 of the request that came with the idempotency key.
    pub idempotency_fingerprint: Option<String>,
    /// Action that this one undoes.
    pub undoes: Option<String>,
    /// Outcome of that action which this one has handled last.
    pub after_outcome: Option<i64>,
    /// Types and labels that the caller's key was bound to, as JSON; null for none. Callers with
    /// another binding do not see the action.
    #[sea_orm(column_type = "Text", nullable)]
    pub binding: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
