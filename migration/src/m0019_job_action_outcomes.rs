//! `job_action_outcomes`: outcome of an action for each job that it processed.

use crate::drop_table;
use sea_orm_migration::prelude::*;

const OUTCOMES: &str = "job_action_outcomes";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(table()).await?;
        let of_action = Index::create()
            .name("idx_job_action_outcomes_action")
            .table(OUTCOMES)
            .col("action_id")
            .col("outcome")
            .col("id")
            .to_owned();
        manager.create_index(of_action).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, OUTCOMES).await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(OUTCOMES)
        .col(ColumnDef::new("id").big_integer().not_null().auto_increment().primary_key())
        .col(ColumnDef::new("action_id").string_len(36).not_null())
        .col(ColumnDef::new("job_id").string_len(64).not_null())
        .col(ColumnDef::new("outcome").string_len(20).not_null())
        .col(ColumnDef::new("code").string_len(50))
        .col(ColumnDef::new("detail").text())
        .check(("chk_job_action_outcomes_outcome", Expr::col("outcome").is_in(["changed", "skipped", "failed"])))
        .foreign_key(
            ForeignKey::create()
                .name("fk_job_action_outcomes_action")
                .from(OUTCOMES, "action_id")
                .to("job_actions", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}
