//! `episodes`: numbered parts of a series.

use crate::parts::{create, drop_table, idempotency_index, in_years, index, reference, text, time};
use sea_orm_migration::prelude::*;

const EPISODES: &str = "episodes";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Null numbers are distinct: a series may have many episodes without a number.
        let number = index(
            "idx_episodes_series_number",
            EPISODES,
            &["series_id", "number"],
        )
        .unique()
        .to_owned();
        let indexes = [
            index("idx_episodes_created", EPISODES, &["created_at", "id"]),
            number,
            idempotency_index("idx_episodes_idempotency_key", EPISODES),
        ];
        create(manager, &table(), indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, EPISODES).await
    }
}

fn table() -> TableCreateStatement {
    let on_delete = ForeignKeyAction::SetNull;
    let mut series = reference(
        "fk_episodes_series",
        (EPISODES, "series_id"),
        "series",
        on_delete,
    );
    Table::create()
        .table(EPISODES)
        .col(text("id", 36).not_null().primary_key())
        .col(text("series_id", 36))
        .col(text("title", 255))
        .col(ColumnDef::new("number").integer())
        .col(time("created_at").not_null())
        .col(text("idempotency_key", 255))
        .col(text("idempotency_fingerprint", 64))
        .foreign_key(&mut series)
        .check(("chk_episodes_number", Expr::col("number").gte(0)))
        .check(("chk_episodes_created_at", in_years("created_at")))
        .to_owned()
}
