//! `api_keys`: who may call the server. Of a key's text only the hash is here.

use crate::parts::{all_in_years, create, drop_table, json, text, time};
use sea_orm_migration::prelude::*;

const KEYS: &str = "api_keys";

/// Roles of keys, from the one that may least.
const ROLES: [&str; 5] = ["reader", "creator", "worker", "operator", "admin"];

/// Columns with times.
const TIMES: [&str; 4] = ["created_at", "expires_at", "last_used_at", "revoked_at"];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &table(), []).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, KEYS).await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(KEYS)
        .col(text("id", 8).not_null().primary_key())
        .col(text("name", 100).not_null())
        .col(text("role", 20).not_null())
        .col(text("hash", 64).not_null())
        .col(json("job_types"))
        .col(json("labels"))
        .col(ColumnDef::new("requests_per_minute").integer())
        .col(time("created_at").not_null())
        .col(text("created_by", 8))
        .col(time("expires_at"))
        .col(time("last_used_at"))
        .col(time("revoked_at"))
        .check(("chk_api_keys_role", Expr::col("role").is_in(ROLES)))
        .check(("chk_api_keys_times", all_in_years(&TIMES)))
        .check((
            "chk_api_keys_requests_per_minute",
            Expr::col("requests_per_minute").gte(1),
        ))
        .to_owned()
}
