//! Adds the duration of each status and the type of the job to the history, so that statistics and
//! the stream of all events need not read the job, which may have changed or been deleted
//! meanwhile.

use crate::{in_years, time};
use sea_orm_migration::prelude::*;

const JOBS: &str = "video_generation_jobs";
const EVENTS: &str = "job_events";

/// Maximum duration of a status in seconds: about ten thousand years.
const MAX_SECONDS: i64 = 320_000_000_000;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Adds one column per statement, because SQLite's ALTER makes one change at a time.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, JOBS, time("status_since").check(in_years("status_since")).take()).await?;
        add(manager, EVENTS, ColumnDef::new("job_type").string_len(50).take()).await?;
        add(
            manager,
            EVENTS,
            ColumnDef::new("seconds").double().check(Expr::col("seconds").between(0, MAX_SECONDS)).take(),
        )
        .await?;
        let types = "UPDATE job_events SET job_type = (SELECT job_type FROM video_generation_jobs WHERE id = job_id)";
        manager.get_connection().execute_unprepared(types).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [(EVENTS, "seconds"), (EVENTS, "job_type"), (JOBS, "status_since")] {
            manager.alter_table(Table::alter().table(table).drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

async fn add(manager: &SchemaManager<'_>, table: &'static str, column: ColumnDef) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table(table).add_column(column).to_owned()).await
}
