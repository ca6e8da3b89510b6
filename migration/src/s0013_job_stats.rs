//! `job_stats`: events of each minute, quarter of an hour and hour, counted by type, with
//! histograms of the times that jobs waited and ran.

use crate::parts::{count, create, drop_table, json, text, time};
use sea_orm_migration::prelude::*;

const STATS: &str = "job_stats";

/// Kinds of events that are counted.
const COUNTS: [&str; 6] = [
    "created",
    "started",
    "completed",
    "failed",
    "cancelled",
    "retried",
];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &table(), []).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, STATS).await
    }
}

fn table() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(STATS)
        .col(ColumnDef::new("unit").integer().not_null())
        .col(time("start").not_null())
        .col(text("job_type", 50).not_null());
    for kind in COUNTS {
        table.col(count(kind));
    }
    table
        .col(json("waits").not_null())
        .col(json("runs").not_null())
        .primary_key(Index::create().col("unit").col("start").col("job_type"))
        .check((
            "chk_job_stats_unit",
            Expr::col("unit").is_in([60, 900, 3600]),
        ))
        .to_owned()
}
