//! `job_actions` keeps the idempotency key that an action came with: a call that is repeated begins nothing twice.

use sea_orm_migration::prelude::*;

const ACTIONS: &str = "job_actions";
const KEY: &str = "idempotency_key";
const FINGERPRINT: &str = "idempotency_fingerprint";
const INDEX: &str = "idx_job_actions_idempotency_key";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// A column a statement: SQLite's ALTER does one thing at a time.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (column, length) in [(KEY, 255), (FINGERPRINT, 64)] {
            let column = ColumnDef::new(column).string_len(length).take();
            manager.alter_table(Table::alter().table(ACTIONS).add_column(column).to_owned()).await?;
        }
        let mut key = Index::create();
        key.name(INDEX).table(ACTIONS).col(KEY).unique().and_where(Expr::col(KEY).is_not_null());
        manager.create_index(key).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(INDEX).table(ACTIONS).to_owned()).await?;
        for column in [FINGERPRINT, KEY] {
            manager.alter_table(Table::alter().table(ACTIONS).drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
