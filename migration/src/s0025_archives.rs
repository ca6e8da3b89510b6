//! `archives`: objects of archived jobs, a row each. The row comes before the object, so that what
//! a killed process leaves is found by its row.

use crate::parts::{all_in_years, count, create, drop_table, index, text, time};
use sea_orm_migration::prelude::*;

const ARCHIVES: &str = "archives";
const STATES: [&str; 3] = ["writing", "done", "abandoned"];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let unfinished = index("idx_archives_unfinished", ARCHIVES, &["created_at"])
            .and_where(Expr::col("state").ne("done"))
            .to_owned();
        create(manager, &table(), [unfinished]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, ARCHIVES).await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(ARCHIVES)
        .col(text("id", 36).not_null().primary_key())
        .col(text("state", 20).not_null())
        .col(text("location", 255).not_null())
        .col(count("jobs"))
        .col(count("bytes"))
        .col(text("sha256", 64))
        .col(time("created_at").not_null())
        .col(time("finished_at"))
        .check(("chk_archives_state", Expr::col("state").is_in(STATES)))
        .check(("chk_archives_jobs", Expr::col("jobs").gte(0)))
        .check(("chk_archives_bytes", Expr::col("bytes").gte(0)))
        .check((
            "chk_archives_times",
            all_in_years(&["created_at", "finished_at"]),
        ))
        .to_owned()
}
