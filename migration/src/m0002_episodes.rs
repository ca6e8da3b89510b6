//! `episodes`: numbered parts of a series.

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
                    .table("episodes")
                    .col(ColumnDef::new("id").string_len(36).not_null().primary_key())
                    .col(ColumnDef::new("series_id").string_len(36))
                    .col(ColumnDef::new("title").string_len(255))
                    .col(ColumnDef::new("number").integer())
                    .col(time("created_at").not_null())
                    .col(ColumnDef::new("idempotency_key").string_len(255))
                    .col(ColumnDef::new("idempotency_fingerprint").string_len(64))
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_episodes_series")
                            .from("episodes", "series_id")
                            .to("series", "id")
                            .on_delete(ForeignKeyAction::SetNull),
                    )
                    .check(("chk_episodes_number", Expr::col("number").gte(0)))
                    .check(("chk_episodes_created_at", in_years("created_at")))
                    .to_owned(),
            )
            .await?;
        let created =
            Index::create().name("idx_episodes_created").table("episodes").col("created_at").col("id").to_owned();
        manager.create_index(created).await?;
        // Null numbers are distinct, so a series may have many episodes without a number.
        let number = Index::create()
            .name("idx_episodes_series_number")
            .table("episodes")
            .col("series_id")
            .col("number")
            .unique()
            .to_owned();
        manager.create_index(number).await?;
        let key = Index::create()
            .name("idx_episodes_idempotency_key")
            .table("episodes")
            .col("idempotency_key")
            .unique()
            .and_where(Expr::col("idempotency_key").is_not_null())
            .to_owned();
        manager.create_index(key).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "episodes").await
    }
}
