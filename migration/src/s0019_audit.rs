//! `audit`: calls that changed something, or tried to, and whose they were.

use crate::parts::{create, drop_table, in_years, index, text, time};
use sea_orm_migration::prelude::*;

const AUDIT: &str = "audit";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let indexes = [
            index("idx_audit_at", AUDIT, &["at", "id"]),
            index("idx_audit_key", AUDIT, &["key_id", "at", "id"]),
            index("idx_audit_operation", AUDIT, &["operation", "at", "id"]),
        ];
        create(manager, &table(), indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, AUDIT).await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(AUDIT)
        .col(text("id", 36).not_null().primary_key())
        .col(time("at").not_null())
        .col(text("key_id", 8))
        .col(text("operation", 50).not_null())
        .col(text("target", 200))
        .col(text("request_id", 128))
        .col(ColumnDef::new("status").small_integer().not_null())
        .col(ColumnDef::new("calls").big_integer().not_null())
        .check(("chk_audit_at", in_years("at")))
        .check(("chk_audit_calls", Expr::col("calls").gte(1)))
        .to_owned()
}
