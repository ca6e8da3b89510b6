//! `active_jobs`: the jobs on each client's list, with the client's title for them.

use crate::parts::{JOBS, create, drop_table, in_years, index, reference, text, time};
use sea_orm_migration::prelude::*;

const ACTIVE: &str = "active_jobs";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Deleting a job looks for its rows here.
        let job = index("idx_active_jobs_job", ACTIVE, &["job_id"]);
        create(manager, &table(), [job]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, ACTIVE).await
    }
}

fn table() -> TableCreateStatement {
    let on_delete = ForeignKeyAction::Cascade;
    let mut job = reference("fk_active_jobs_job", (ACTIVE, "job_id"), JOBS, on_delete);
    Table::create()
        .table(ACTIVE)
        .col(text("client_id", 200).not_null())
        .col(text("job_id", 64).not_null())
        .col(text("title", 255))
        .col(time("created_at").not_null())
        .check(("chk_active_jobs_created_at", in_years("created_at")))
        .primary_key(Index::create().col("client_id").col("job_id"))
        .foreign_key(&mut job)
        .to_owned()
}
