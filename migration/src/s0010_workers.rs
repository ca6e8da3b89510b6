//! `workers`: programs that claim jobs, with the time of their last call and counts of their jobs.

use crate::parts::{count, create, drop_table, json, text, time};
use sea_orm_migration::prelude::*;

const WORKERS: &str = "workers";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &table(), []).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, WORKERS).await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(WORKERS)
        .col(text("worker_id", 200).not_null().primary_key())
        .col(text("host", 255))
        .col(text("version", 50))
        .col(json("job_types"))
        .col(time("first_seen_at").not_null())
        .col(time("last_seen_at").not_null())
        .col(count("claimed"))
        .col(count("completed"))
        .col(count("failed"))
        .col(count("rescued"))
        .to_owned()
}
