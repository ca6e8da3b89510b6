//! `imports`: runs of the importer with their counts, a row each. Servers share the table: a run is
//! given up when the heartbeat of its own process stops.

use crate::parts::{count, create, drop_table, index, json, text, time};
use sea_orm_migration::prelude::*;

const IMPORTS: &str = "imports";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let started = index("idx_imports_started", IMPORTS, &["started_at", "id"]);
        create(manager, &table(), [started]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, IMPORTS).await
    }
}

fn table() -> TableCreateStatement {
    let known = ["running", "finished", "failed", "aborted"];
    Table::create()
        .table(IMPORTS)
        .col(text("id", 36).not_null().primary_key())
        .col(text("status", 20).not_null())
        .col(json("options").not_null())
        .col(count("found"))
        .col(count("imported"))
        .col(count("already_there"))
        .col(count("rejected"))
        .col(ColumnDef::new("error").text())
        .col(time("started_at").not_null())
        .col(time("finished_at"))
        .col(count("merged"))
        .col(count("overwritten"))
        .col(count("repaired"))
        .col(count("rejects_kept"))
        .col(count("reject_bytes"))
        .col(time("heartbeat_at"))
        .col(text("process", 255))
        // Counts by source, reason and rule; set when the run ends.
        .col(json("report"))
        .check(("chk_imports_status", Expr::col("status").is_in(known)))
        .to_owned()
}
