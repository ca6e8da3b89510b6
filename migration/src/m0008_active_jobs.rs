//! `active_jobs`: jobs on each client's list, with their titles there.

use crate::{drop_table, in_years, time};
use sea_orm_migration::prelude::*;

const ACTIVE: &str = "active_jobs";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(ACTIVE)
                    .col(ColumnDef::new("client_id").string_len(200).not_null())
                    .col(ColumnDef::new("job_id").string_len(64).not_null())
                    .col(ColumnDef::new("title").string_len(255))
                    .col(time("created_at").not_null())
                    .check(("chk_active_jobs_created_at", in_years("created_at")))
                    .primary_key(Index::create().col("client_id").col("job_id"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_active_jobs_job")
                            .from(ACTIVE, "job_id")
                            .to("video_generation_jobs", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await?;
        // The deletion of a job finds its rows here by this index.
        let job = Index::create().name("idx_active_jobs_job").table(ACTIVE).col("job_id").to_owned();
        manager.create_index(job).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, ACTIVE).await
    }
}
