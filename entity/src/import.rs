//! `imports`: one row a run of the importer.

use sea_orm::entity::prelude::*;

/// Where a run of the importer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(20))")]
pub enum ImportStatus {
    #[sea_orm(string_value = "running")]
    Running,
    #[sea_orm(string_value = "finished")]
    Finished,
    #[sea_orm(string_value = "failed")]
    Failed,
    #[sea_orm(string_value = "aborted")]
    Aborted,
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "imports")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub status: ImportStatus,
    /// The files and options that the run was given.
    #[sea_orm(column_type = "JsonBinary")]
    pub options: Json,
    pub found: i64,
    pub imported: i64,
    pub already_there: i64,
    pub rejected: i64,
    #[sea_orm(column_type = "Text", nullable)]
    pub error: Option<String>,
    pub started_at: DateTimeUtc,
    pub finished_at: Option<DateTimeUtc>,
    pub merged: i64,
    pub overwritten: i64,
    /// Records that came in and of which something was put right.
    pub repaired: i64,
    /// When the run's process was last known to be alive.
    pub heartbeat_at: Option<DateTimeUtc>,
    /// Which process runs it, in the words of `callsheet::process`.
    pub process: Option<String>,
    /// What the run told at its end: its counts by source, reason and rule.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub report: Option<Json>,
    /// Rejects that `import_rejects` keeps; of more than some, the others are only counted.
    pub rejects_kept: i64,
    /// Bytes of their texts.
    pub reject_bytes: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
