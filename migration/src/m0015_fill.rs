//! Leaves free space in the pages of the tables whose rows change, on PostgreSQL: a new version of
//! a row that fits beside the old one needs no new entry in any index (HOT), as long as no indexed
//! column differs. A report of progress changes none.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// Table and the percentage of a page that inserts fill.
const FILLED: [(&str, u32); 2] = [("video_generation_jobs", 80), ("job_items", 85)];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        alter(manager, |filled| format!("SET (fillfactor = {filled})")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        alter(manager, |_| "RESET (fillfactor)".to_owned()).await
    }
}

async fn alter(manager: &SchemaManager<'_>, what: impl Fn(u32) -> String) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Postgres {
        for (table, filled) in FILLED {
            let sql = format!("ALTER TABLE {table} {}", what(filled));
            manager.get_connection().execute_unprepared(&sql).await?;
        }
    }
    Ok(())
}
