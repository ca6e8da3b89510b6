//! `job_actions`: one row per action on all jobs that match a filter.

use crate::{drop_table, time};
use sea_orm_migration::prelude::*;

const ACTIONS: &str = "job_actions";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(actions()).await?;
        let created =
            Index::create().name("idx_job_actions_created").table(ACTIONS).col("created_at").col("id").to_owned();
        manager.create_index(created).await?;
        let running = Index::create()
            .name("idx_job_actions_running")
            .table(ACTIONS)
            .col("id")
            .and_where(Expr::col("status").eq("running"))
            .to_owned();
        manager.create_index(running).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, ACTIONS).await
    }
}

fn actions() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(ACTIONS)
        .col(ColumnDef::new("id").string_len(36).not_null().primary_key())
        .col(ColumnDef::new("action").string_len(20).not_null())
        .col(ColumnDef::new("priority").small_integer())
        .col(ColumnDef::new("filter").json_binary().not_null())
        .col(ColumnDef::new("filter_text").text().not_null())
        .col(ColumnDef::new("status").string_len(20).not_null());
    for count in ["matching", "changed", "skipped", "failed"] {
        table.col(ColumnDef::new(count).big_integer().not_null().default(0));
    }
    table
        // Keyset cursor: the action continues after the last job that it processed.
        .col(time("after_created_at"))
        .col(ColumnDef::new("after_id").string_len(64))
        .col(ColumnDef::new("error").text())
        .col(time("created_at").not_null())
        .col(time("finished_at"))
        .col(time("heartbeat_at"))
        .col(ColumnDef::new("process").string_len(255))
        .check(("chk_job_actions_action", Expr::col("action").is_in(["cancel", "retry", "delete", "set_priority"])))
        .check(("chk_job_actions_status", Expr::col("status").is_in(["running", "completed", "aborted", "failed"])));
    table
}
