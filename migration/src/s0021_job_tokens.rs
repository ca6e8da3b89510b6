//! `job_tokens`: what the program of a claimed job may call with. Of a token only the hash is here.

use crate::parts::{JOBS, create, drop_table, in_years, reference, text, time};
use sea_orm_migration::prelude::*;

const TOKENS: &str = "job_tokens";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &table(), []).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, TOKENS).await
    }
}

fn table() -> TableCreateStatement {
    let of_job = (TOKENS, "job_id");
    let mut job = reference("fk_job_tokens_job", of_job, JOBS, ForeignKeyAction::Cascade);
    Table::create()
        .table(TOKENS)
        .col(text("job_id", 64).not_null().primary_key())
        .col(text("lease_token", 64).not_null())
        .col(text("hash", 64).not_null())
        .col(time("created_at").not_null())
        .check(("chk_job_tokens_created_at", in_years("created_at")))
        .foreign_key(&mut job)
        .to_owned()
}
