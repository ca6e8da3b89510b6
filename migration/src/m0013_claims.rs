//! Adds the indexes of queued jobs in the order of claims and of running jobs, and the token of the
//! lease that ended last.
//!
//! Both indexes hold live jobs only, so that a claim costs the same whatever the history. Neither
//! holds a column that a heartbeat or a report of progress changes: on PostgreSQL such an update
//! touches no index at all.

use sea_orm_migration::prelude::*;

const JOBS: &str = "video_generation_jobs";

/// Index in the order of claims: by priority, then by the time when a job is due. A job without
/// `run_at` is due from its creation.
const CLAIM: &str = "CREATE INDEX idx_job_claim ON video_generation_jobs \
    (job_type, priority DESC, COALESCE(run_at, created_at), created_at, id) WHERE status = 'queued'";

const PROCESSING: &str =
    "CREATE INDEX idx_job_processing ON video_generation_jobs (job_type, id) WHERE status = 'processing'";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let token = ColumnDef::new("last_lease_token").string_len(64).take();
        manager.alter_table(Table::alter().table(JOBS).add_column(token).to_owned()).await?;
        for index in [CLAIM, PROCESSING] {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["idx_job_processing", "idx_job_claim"] {
            manager.drop_index(Index::drop().name(name).table(JOBS).to_owned()).await?;
        }
        manager.alter_table(Table::alter().table(JOBS).drop_column("last_lease_token").to_owned()).await
    }
}
