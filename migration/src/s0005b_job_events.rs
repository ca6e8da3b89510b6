//! `job_events`: the append-only history of every job. It holds the type of the job and the length
//! of each status, so that statistics and the stream of all events need no look at the job.
//!
//! No foreign key to the job: the event of its deletion outlives it.

use crate::parts::{MAX_VERSION, create, drop_table, in_years, index, json, serial, text, time};
use sea_orm_migration::prelude::*;

const EVENTS: &str = "job_events";

/// Ten thousand years, in seconds.
const MAX_SECONDS: i64 = 320_000_000_000;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let seq = index("idx_job_events_job_seq", EVENTS, &["job_id", "seq"])
            .unique()
            .to_owned();
        create(manager, &table(), [seq]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, EVENTS).await
    }
}

fn table() -> TableCreateStatement {
    let seconds = Expr::col("seconds").between(0, MAX_SECONDS);
    Table::create()
        .table(EVENTS)
        .col(serial("id"))
        .col(text("job_id", 64).not_null())
        .col(ColumnDef::new("seq").big_integer().not_null())
        .col(text("kind", 50).not_null())
        .col(text("status", 50).not_null())
        .col(ColumnDef::new("progress").double().not_null())
        .col(text("current_stage", 255))
        .col(ColumnDef::new("total_shots").integer().not_null())
        .col(ColumnDef::new("completed_shots").integer().not_null())
        .col(json("data"))
        .col(time("created_at").not_null())
        .col(text("job_type", 50))
        .col(ColumnDef::new("seconds").double().check(seconds))
        .col(text("by_key", 8))
        .col(text("by_name", 100))
        // The event of a deletion follows the last version of the job.
        .check((
            "chk_job_events_seq",
            Expr::col("seq").between(1, MAX_VERSION + 1),
        ))
        .check((
            "chk_job_events_progress",
            Expr::col("progress").between(0, 100),
        ))
        .check(("chk_job_events_created_at", in_years("created_at")))
        .to_owned()
}
