//! `positions`: up to which event something was done, a row each; none before it was done first.

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
