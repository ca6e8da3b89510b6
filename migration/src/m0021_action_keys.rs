//! Adds to `job_actions` the idempotency key of the request, so that a repeated call starts no
//! second action.

use sea_orm_migration::prelude::*;

const ACTIONS: &str = "job_actions";
const KEY: &str = "idempotency_key";
const FINGERPRINT: &str = "idempotency_fingerprint";
const INDEX: &str = "idx_job_actions_idempotency_key";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Adds one column per statement, because SQLite's ALTER makes one change at a time.
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
