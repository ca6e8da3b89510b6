//! `archived_jobs`: where in which object each archived job is. A job that was restored has its row
//! until it is archived or deleted again, and is kept for its whole time from then on.

use crate::parts::{MAX_VERSION, all_in_years, create, drop_table, index, reference, text, time};
use sea_orm_migration::prelude::*;

const ARCHIVED: &str = "archived_jobs";
const TIMES: [&str; 3] = ["created_at", "completed_at", "restored_at"];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let of_archive = index(
            "idx_archived_jobs_archive",
            ARCHIVED,
            &["archive_id", "job_id"],
        );
        create(manager, &table(), [of_archive]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, ARCHIVED).await
    }
}

fn table() -> TableCreateStatement {
    let number = |name: &'static str| ColumnDef::new(name).big_integer().not_null().take();
    Table::create()
        .table(ARCHIVED)
        .col(text("job_id", 64).not_null().primary_key())
        .col(text("archive_id", 36).not_null())
        .col(number("at"))
        .col(number("length"))
        .col(text("job_type", 50).not_null())
        .col(text("status", 50).not_null())
        .col(time("created_at").not_null())
        .col(time("completed_at"))
        .col(number("version"))
        .col(ColumnDef::new("positions").text().not_null())
        .col(time("restored_at"))
        .foreign_key(&mut reference(
            "fk_archived_jobs_archive",
            (ARCHIVED, "archive_id"),
            "archives",
            ForeignKeyAction::Restrict,
        ))
        .check(("chk_archived_jobs_at", Expr::col("at").gte(0)))
        .check(("chk_archived_jobs_length", Expr::col("length").gte(1)))
        .check((
            "chk_archived_jobs_version",
            Expr::col("version").between(1, MAX_VERSION),
        ))
        .check(("chk_archived_jobs_times", all_in_years(&TIMES)))
        .to_owned()
}
