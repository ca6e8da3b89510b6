//! `job_actions`: actions on all jobs that match a filter, a row each.

use crate::parts::{count, create, drop_table, idempotency_index, index, json, text, time};
use sea_orm_migration::prelude::*;

const ACTIONS: &str = "job_actions";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let running = index("idx_job_actions_running", ACTIONS, &["id"])
            .and_where(Expr::col("status").eq("running"))
            .to_owned();
        let indexes = [
            index("idx_job_actions_created", ACTIONS, &["created_at", "id"]),
            running,
            index("idx_job_actions_undoes", ACTIONS, &["undoes"])
                .and_where(Expr::col("undoes").is_not_null())
                .to_owned(),
            idempotency_index("idx_job_actions_idempotency_key", ACTIONS),
        ];
        create(manager, &table(), indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, ACTIONS).await
    }
}

fn table() -> TableCreateStatement {
    let actions = [
        "cancel",
        "retry",
        "delete",
        "set_priority",
        "restore",
        "undo",
    ];
    let statuses = ["running", "completed", "aborted", "failed"];
    Table::create()
        .table(ACTIONS)
        .col(text("id", 36).not_null().primary_key())
        .col(text("action", 20).not_null())
        .col(ColumnDef::new("priority").small_integer())
        .col(json("filter").not_null())
        .col(ColumnDef::new("filter_text").text().not_null())
        .col(text("status", 20).not_null())
        .col(count("matching"))
        .col(count("changed"))
        .col(count("skipped"))
        .col(count("failed"))
        // The job that was handled last: the action continues behind it.
        .col(time("after_created_at"))
        .col(text("after_id", 64))
        .col(ColumnDef::new("error").text())
        .col(time("created_at").not_null())
        // The caller that started it, as the events of its changes name it.
        .col(text("by_key", 8))
        .col(text("by_name", 100))
        .col(time("finished_at"))
        .col(time("heartbeat_at"))
        .col(text("process", 255))
        .col(text("idempotency_key", 255))
        .col(text("idempotency_fingerprint", 64))
        .col(text("undoes", 36))
        .col(ColumnDef::new("after_outcome").big_integer())
        .col(ColumnDef::new("binding").text())
        .check(("chk_job_actions_action", Expr::col("action").is_in(actions)))
        .check((
            "chk_job_actions_status",
            Expr::col("status").is_in(statuses),
        ))
        .to_owned()
}
