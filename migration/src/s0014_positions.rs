//! `positions`: the last event that a background task has handled, a row for each task. A task that
//! never ran has none.

use crate::parts::{create, drop_table, text};
use sea_orm_migration::prelude::*;

const POSITIONS: &str = "positions";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &table(), []).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, POSITIONS).await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(POSITIONS)
        .col(text("name", 50).not_null().primary_key())
        .col(ColumnDef::new("position").big_integer().not_null())
        .to_owned()
}
