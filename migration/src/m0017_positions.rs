//! `positions`: event positions up to which some work is done, one row per kind of work. Work that
//! was never done has no row.

use crate::drop_table;
use sea_orm_migration::prelude::*;

const POSITIONS: &str = "positions";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(POSITIONS)
                    .col(ColumnDef::new("name").string_len(50).not_null().primary_key())
                    .col(ColumnDef::new("position").big_integer().not_null())
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, POSITIONS).await
    }
}
