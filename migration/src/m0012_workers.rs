//! `workers`: programs that claim jobs, when each was last seen, and how its jobs ended.

use crate::{drop_table, time};
use sea_orm_migration::prelude::*;

const WORKERS: &str = "workers";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let count = |name: &'static str| ColumnDef::new(name).big_integer().not_null().default(0).take();
        manager
            .create_table(
                Table::create()
                    .table(WORKERS)
                    .col(ColumnDef::new("worker_id").string_len(200).not_null().primary_key())
                    .col(ColumnDef::new("host").string_len(255))
                    .col(ColumnDef::new("version").string_len(50))
                    .col(ColumnDef::new("job_types").json_binary())
                    .col(time("first_seen_at").not_null())
                    .col(time("last_seen_at").not_null())
                    .col(count("claimed"))
                    .col(count("completed"))
                    .col(count("failed"))
                    .col(count("rescued"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, WORKERS).await
    }
}
