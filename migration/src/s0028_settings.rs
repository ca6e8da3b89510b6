//! `settings`: values that all servers of a database share, by name.

use crate::parts::{create, drop_table, text};
use sea_orm_migration::prelude::*;

const SETTINGS: &str = "settings";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &table(), []).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, SETTINGS).await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(SETTINGS)
        .col(text("name", 100).not_null().primary_key())
        .col(text("value", 255).not_null())
        .to_owned()
}
