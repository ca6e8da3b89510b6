//! `imports`: one row per run of the importer, with its outcome.

use crate::{drop_table, time};
use sea_orm_migration::prelude::*;

const IMPORTS: &str = "imports";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let count = |name: &'static str| ColumnDef::new(name).big_integer().not_null().default(0).take();
        manager
            .create_table(
                Table::create()
                    .table(IMPORTS)
                    .col(ColumnDef::new("id").string_len(36).not_null().primary_key())
                    .col(ColumnDef::new("status").string_len(20).not_null())
                    .col(ColumnDef::new("options").json_binary().not_null())
                    .col(count("found"))
                    .col(count("imported"))
                    .col(count("already_there"))
                    .col(count("rejected"))
                    .col(ColumnDef::new("error").text())
                    .col(time("started_at").not_null())
                    .col(time("finished_at"))
                    .check((
                        "chk_imports_status",
                        Expr::col("status").is_in(["running", "finished", "failed", "aborted"]),
                    ))
                    .to_owned(),
            )
            .await?;
        let started = Index::create().name("idx_imports_started").table(IMPORTS).col("started_at").col("id").to_owned();
        manager.create_index(started).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, IMPORTS).await
    }
}
