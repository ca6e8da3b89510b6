//! `job_stats`: counts per minute, quarter of an hour and hour by job type, with the times that
//! jobs waited and ran. Also adds an index for the job that waits longest, and removes jobs that
//! have ended from `active_jobs`.

use crate::{drop_table, time};
use sea_orm_migration::prelude::*;

const STATS: &str = "job_stats";
const COUNTS: [&str; 6] = ["created", "started", "completed", "failed", "cancelled", "retried"];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(stats()).await?;
        let conn = manager.get_connection();
        // Time since which a queued job has been due, so that the first entry is the job that waits
        // longest.
        conn.execute_unprepared(
            "CREATE INDEX idx_job_due ON video_generation_jobs \
             ((CASE WHEN run_at > COALESCE(status_since, created_at) THEN run_at \
             ELSE COALESCE(status_since, created_at) END)) WHERE status = 'queued'",
        )
        .await?;
        let ended = "DELETE FROM active_jobs WHERE job_id IN \
                     (SELECT id FROM video_generation_jobs WHERE status IN ('completed', 'failed', 'cancelled'))";
        conn.execute_unprepared(ended).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("idx_job_due").table("video_generation_jobs").to_owned()).await?;
        drop_table(manager, STATS).await
    }
}

fn stats() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(STATS)
        .col(ColumnDef::new("unit").integer().not_null())
        .col(time("start").not_null())
        .col(ColumnDef::new("job_type").string_len(50).not_null());
    for count in COUNTS {
        table.col(ColumnDef::new(count).big_integer().not_null().default(0));
    }
    table
        .col(ColumnDef::new("waits").json_binary().not_null())
        .col(ColumnDef::new("runs").json_binary().not_null())
        .primary_key(Index::create().col("unit").col("start").col("job_type"))
        .check(("chk_job_stats_unit", Expr::col("unit").is_in([60, 900, 3600])));
    table
}
