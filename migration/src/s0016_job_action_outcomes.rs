//! `job_action_outcomes`: the outcome of an action for each job that it handled.

use crate::parts::{create, drop_table, index, reference, serial, text};
use sea_orm_migration::prelude::*;

const OUTCOMES: &str = "job_action_outcomes";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = ["action_id", "outcome", "id"];
        let action = index("idx_job_action_outcomes_action", OUTCOMES, &columns);
        create(manager, &table(), [action]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, OUTCOMES).await
    }
}

fn table() -> TableCreateStatement {
    let name = "fk_job_action_outcomes_action";
    let of_action = (OUTCOMES, "action_id");
    let mut action = reference(name, of_action, "job_actions", ForeignKeyAction::Cascade);
    let known = Expr::col("outcome").is_in(["changed", "skipped", "failed"]);
    Table::create()
        .table(OUTCOMES)
        .col(serial("id"))
        .col(text("action_id", 36).not_null())
        .col(text("job_id", 64).not_null())
        .col(text("outcome", 20).not_null())
        .col(text("code", 50))
        .col(ColumnDef::new("detail").text())
        .check(("chk_job_action_outcomes_outcome", known))
        .foreign_key(&mut action)
        .to_owned()
}
