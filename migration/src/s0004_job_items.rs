//! `job_items`: shots, files, URLs or other parts of a job, a row each. They are the checkpoint
//! from which a new attempt resumes.

use crate::parts::{
    JOBS, MAX_ATTEMPT, MAX_INDEX, all_in_years, create, drop_table, fill_pages, index, json,
    reference, text, time,
};
use sea_orm_migration::prelude::*;

const ITEMS: &str = "job_items";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Not unique: imported shots of two scenes carry the same number.
        let key = index("idx_job_items_key", ITEMS, &["job_id", "key"]);
        create(manager, &table(), [key]).await?;
        fill_pages(manager, ITEMS, 85).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, ITEMS).await
    }
}

fn table() -> TableCreateStatement {
    let mut job = reference(
        "fk_job_items_job",
        (ITEMS, "job_id"),
        JOBS,
        ForeignKeyAction::Cascade,
    );
    let known = ["pending", "processing", "completed", "failed", "skipped"];
    let times = all_in_years(&["created_at", "updated_at", "started_at", "completed_at"]);
    Table::create()
        .table(ITEMS)
        .col(text("job_id", 64).not_null())
        .col(ColumnDef::new("idx").integer().not_null())
        .col(text("key", 255).not_null())
        .col(text("status", 20).not_null())
        .col(json("input"))
        .col(json("result"))
        .col(ColumnDef::new("error").text())
        .col(ColumnDef::new("attempt").integer().not_null().default(0))
        .col(time("created_at").not_null())
        .col(time("updated_at").not_null())
        .col(time("started_at"))
        .col(time("completed_at"))
        .primary_key(Index::create().col("job_id").col("idx"))
        .foreign_key(&mut job)
        .check(("chk_job_items_idx", Expr::col("idx").between(0, MAX_INDEX)))
        .check((
            "chk_job_items_attempt",
            Expr::col("attempt").between(0, MAX_ATTEMPT),
        ))
        .check(("chk_job_items_times", times))
        .check(("chk_job_items_status", Expr::col("status").is_in(known)))
        .to_owned()
}
