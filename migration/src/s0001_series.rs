//! `series`: groups of episodes and jobs, e.g. the parts of one story.

use crate::parts::{create, drop_table, idempotency_index, in_years, index, text, time};
use sea_orm_migration::prelude::*;

const SERIES: &str = "series";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let indexes = [
            index("idx_series_created", SERIES, &["created_at", "id"]),
            idempotency_index("idx_series_idempotency_key", SERIES),
        ];
        create(manager, &table(), indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, SERIES).await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(SERIES)
        .col(text("id", 36).not_null().primary_key())
        .col(text("title", 255).not_null())
        .col(time("created_at").not_null())
        .col(text("idempotency_key", 255))
        .col(text("idempotency_fingerprint", 64))
        .check(("chk_series_created_at", in_years("created_at")))
        .to_owned()
}
