//! `series`: groups of episodes and jobs.

use crate::{drop_table, in_years, time};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("series")
                    .col(ColumnDef::new("id").string_len(36).not_null().primary_key())
                    .col(ColumnDef::new("title").string_len(255).not_null())
                    .col(time("created_at").not_null())
                    .col(ColumnDef::new("idempotency_key").string_len(255))
                    .col(ColumnDef::new("idempotency_fingerprint").string_len(64))
                    .check(("chk_series_created_at", in_years("created_at")))
                    .to_owned(),
            )
            .await?;
        let created = Index::create().name("idx_series_created").table("series").col("created_at").col("id").to_owned();
        manager.create_index(created).await?;
        let key = Index::create()
            .name("idx_series_idempotency_key")
            .table("series")
            .col("idempotency_key")
            .unique()
            .and_where(Expr::col("idempotency_key").is_not_null())
            .to_owned();
        manager.create_index(key).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "series").await
    }
}
