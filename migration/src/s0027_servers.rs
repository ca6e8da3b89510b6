//! `servers`: processes that serve this database, with the time of their last sign of life.

use crate::parts::{create, drop_table, text, time};
use sea_orm_migration::prelude::*;

const SERVERS: &str = "servers";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &table(), []).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, SERVERS).await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(SERVERS)
        .col(text("id", 36).not_null().primary_key())
        .col(text("version", 50).not_null())
        .col(time("started_at").not_null())
        .col(time("seen_at").not_null())
        .col(text("listen", 60).not_null())
        .col(text("schema", 255))
        .to_owned()
}
