//! `job_action_outcomes`: outcome of an action for each job that it processed.

use sea_orm::entity::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(20))")]
pub enum Outcome {
    #[sea_orm(string_value = "changed")]
    Changed,
    /// The job was in the requested state already, or its status does not permit the change.
    #[sea_orm(string_value = "skipped")]
    Skipped,
    #[sea_orm(string_value = "failed")]
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job_action_outcomes")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub action_id: String,
    pub job_id: String,
    pub outcome: Outcome,
    /// Reason code, if the job was not changed.
    pub code: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub detail: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
