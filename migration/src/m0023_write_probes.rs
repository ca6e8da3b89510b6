//! `write_probes`: row that the readiness check writes and deletes; empty at all other times.

use crate::drop_table;
use sea_orm_migration::prelude::*;

const WRITE_PROBES: &str = "write_probes";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(WRITE_PROBES)
                    .col(ColumnDef::new("id").integer().not_null().primary_key())
                    .col(ColumnDef::new("payload").text().not_null())
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, WRITE_PROBES).await
    }
}
