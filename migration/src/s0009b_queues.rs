//! `queues`: settings of a job type: whether its jobs are handed out, how many may run at once, and
//! how long ended ones are kept. A type without settings has no row.

use crate::parts::{create, drop_table, text, time};
use sea_orm_migration::prelude::*;

const QUEUES: &str = "queues";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &table(), []).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, QUEUES).await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(QUEUES)
        .col(text("job_type", 50).not_null().primary_key())
        .col(ColumnDef::new("paused").boolean().not_null().default(false))
        .col(ColumnDef::new("max_running").integer())
        .col(time("updated_at").not_null())
        .col(ColumnDef::new("max_run_seconds").integer())
        .col(ColumnDef::new("keep_completed").big_integer())
        .col(ColumnDef::new("keep_failed").big_integer())
        .col(ColumnDef::new("keep_cancelled").big_integer())
        .col(text("keep_then", 20))
        .col(ColumnDef::new("keep_media").boolean())
        .check(("chk_queues_max_running", Expr::col("max_running").gte(1)))
        .check((
            "chk_queues_max_run_seconds",
            Expr::col("max_run_seconds").gte(1),
        ))
        .check(("chk_queues_keep_completed", kept("keep_completed")))
        .check(("chk_queues_keep_failed", kept("keep_failed")))
        .check(("chk_queues_keep_cancelled", kept("keep_cancelled")))
        .check((
            "chk_queues_keep_then",
            Expr::col("keep_then").is_in(["delete", "archive"]),
        ))
        .to_owned()
}

/// Check of a time to keep jobs: seconds, or -1 for ever.
fn kept(column: &'static str) -> Expr {
    Expr::col(column).gte(-1)
}
