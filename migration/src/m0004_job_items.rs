//! `job_items`: one row per shot, file, URL or other part of a job, and the checkpoint from which a
//! new attempt resumes.

use crate::{MAX_ATTEMPT, MAX_INDEX, all_in_years, drop_table, time};
use sea_orm_migration::prelude::*;

const ITEMS: &str = "job_items";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let known = ["pending", "processing", "completed", "failed", "skipped"];
        manager
            .create_table(
                Table::create()
                    .table(ITEMS)
                    .col(ColumnDef::new("job_id").string_len(64).not_null())
                    .col(ColumnDef::new("idx").integer().not_null())
                    .col(ColumnDef::new("key").string_len(255).not_null())
                    .col(ColumnDef::new("status").string_len(20).not_null())
                    .col(ColumnDef::new("input").json_binary())
                    .col(ColumnDef::new("result").json_binary())
                    .col(ColumnDef::new("error").text())
                    .col(ColumnDef::new("attempt").integer().not_null().default(0))
                    .col(time("created_at").not_null())
                    .col(time("updated_at").not_null())
                    .col(time("started_at"))
                    .col(time("completed_at"))
                    .primary_key(Index::create().col("job_id").col("idx"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_job_items_job")
                            .from(ITEMS, "job_id")
                            .to("video_generation_jobs", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .check(("chk_job_items_idx", Expr::col("idx").between(0, MAX_INDEX)))
                    .check(("chk_job_items_attempt", Expr::col("attempt").between(0, MAX_ATTEMPT)))
                    .check((
                        "chk_job_items_times",
                        all_in_years(&["created_at", "updated_at", "started_at", "completed_at"]),
                    ))
                    .check(("chk_job_items_status", Expr::col("status").is_in(known)))
                    .to_owned(),
            )
            .await?;
        // Not unique: imported shots of two scenes may have the same number.
        let key = Index::create().name("idx_job_items_key").table(ITEMS).col("job_id").col("key").to_owned();
        manager.create_index(key).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, ITEMS).await
    }
}
