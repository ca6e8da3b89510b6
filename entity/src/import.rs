//! `imports`: one row per run of the importer.

use sea_orm::entity::prelude::*;

/// Status of a run of the importer.
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
    /// Files and options of the run.
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
    /// Imported records in which something was repaired.
    pub repaired: i64,
    /// Time of the last heartbeat of the run's process.
    pub heartbeat_at: Option<DateTimeUtc>,
    /// Process that runs it, as named by `callsheet::process`.
    pub process: Option<String>,
    /// Report at the end of the run: its counts by source, reason and rule.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub report: Option<Json>,
    /// Rejects stored in `import_rejects`; beyond a limit, rejects are only counted.
    pub rejects_kept: i64,
    /// Bytes of the stored rejects' texts.
    pub reject_bytes: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
