//! Adds to `imports` the counts of merged, overwritten and repaired records and of stored rejects,
//! and the heartbeat and name of the run's process: several servers may share a database, and a run
//! fails only when its own process is gone.

use crate::time;
use sea_orm_migration::prelude::*;

const IMPORTS: &str = "imports";
const COUNTS: [&str; 5] = ["merged", "overwritten", "repaired", "rejects_kept", "reject_bytes"];
const HEARTBEAT: &str = "heartbeat_at";
const PROCESS: &str = "process";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Adds one column per statement, because SQLite's ALTER makes one change at a time.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let counts = COUNTS.map(|name| ColumnDef::new(name).big_integer().not_null().default(0).take());
        let process = ColumnDef::new(PROCESS).string_len(255).take();
        for column in counts.into_iter().chain([time(HEARTBEAT), process]) {
            manager.alter_table(Table::alter().table(IMPORTS).add_column(column).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COUNTS.into_iter().chain([HEARTBEAT, PROCESS]) {
            manager.alter_table(Table::alter().table(IMPORTS).drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
