//! `job_events`: append-only history of every job.
//!
//! There is no foreign key to the job, because the event of its deletion outlives it.

use crate::{MAX_VERSION, drop_table, in_years, time};
use sea_orm_migration::prelude::*;

const EVENTS: &str = "job_events";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(EVENTS)
                    .col(ColumnDef::new("id").big_integer().not_null().auto_increment().primary_key())
                    .col(ColumnDef::new("job_id").string_len(64).not_null())
                    .col(ColumnDef::new("seq").big_integer().not_null())
                    .col(ColumnDef::new("kind").string_len(50).not_null())
                    .col(ColumnDef::new("status").string_len(50).not_null())
                    .col(ColumnDef::new("progress").double().not_null())
                    .col(ColumnDef::new("current_stage").string_len(255))
                    .col(ColumnDef::new("total_shots").integer().not_null())
                    .col(ColumnDef::new("completed_shots").integer().not_null())
                    .col(ColumnDef::new("data").json_binary())
                    .col(time("created_at").not_null())
                    // The event of a deletion may be one step beyond the maximum version of a job.
                    .check(("chk_job_events_seq", Expr::col("seq").between(1, MAX_VERSION + 1)))
                    .check(("chk_job_events_progress", Expr::col("progress").between(0, 100)))
                    .check(("chk_job_events_created_at", in_years("created_at")))
                    .to_owned(),
            )
            .await?;
        let seq =
            Index::create().name("idx_job_events_job_seq").table(EVENTS).col("job_id").col("seq").unique().to_owned();
        manager.create_index(seq).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, EVENTS).await
    }
}
