//! Adds to `imports` the report at the end of a run: its counts by source, reason and rule.

use sea_orm_migration::prelude::*;

const IMPORTS: &str = "imports";
const REPORT: &str = "report";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let report = ColumnDef::new(REPORT).json_binary().take();
        manager.alter_table(Table::alter().table(IMPORTS).add_column(report).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table(IMPORTS).drop_column(REPORT).to_owned()).await
    }
}
