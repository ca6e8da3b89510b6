//! `write_probes`: the row that a readiness check writes and deletes. At other times it is empty.

use crate::parts::{create, drop_table};
use sea_orm_migration::prelude::*;

const PROBES: &str = "write_probes";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &table(), []).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, PROBES).await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(PROBES)
        .col(ColumnDef::new("id").integer().not_null().primary_key())
        .col(ColumnDef::new("payload").text().not_null())
        .to_owned()
}
