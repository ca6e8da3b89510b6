//! `sessions`: browsers that are signed in. Of a session's token only a hash is here.

use crate::parts::{all_in_years, create, drop_table, index, text, time};
use sea_orm_migration::prelude::*;

const SESSIONS: &str = "sessions";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let key = index("idx_sessions_key", SESSIONS, &["key_id", "created_at"]);
        create(manager, &table(), [key]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, SESSIONS).await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(SESSIONS)
        .col(text("id", 16).not_null().primary_key())
        .col(text("key_id", 8).not_null())
        .col(text("hash", 64).not_null())
        .col(time("created_at").not_null())
        .col(time("ends_at").not_null())
        .check((
            "chk_sessions_times",
            all_in_years(&["created_at", "ends_at"]),
        ))
        .to_owned()
}
