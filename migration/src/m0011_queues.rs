//! `queues`: settings of a job type: whether its jobs may be claimed, and how many may run at once.
//! A type without settings has no row.

use crate::{drop_table, time};
use sea_orm_migration::prelude::*;

const QUEUES: &str = "queues";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(QUEUES)
                    .col(ColumnDef::new("job_type").string_len(50).not_null().primary_key())
                    .col(ColumnDef::new("paused").boolean().not_null().default(false))
                    .col(ColumnDef::new("max_running").integer())
                    .col(time("updated_at").not_null())
                    .check(("chk_queues_max_running", Expr::col("max_running").gte(1)))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, QUEUES).await
    }
}
