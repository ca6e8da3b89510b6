//! `job_stats_position`: one row that says up to which event `job_stats` tells.

use crate::drop_table;
use sea_orm_migration::prelude::*;

const POSITION: &str = "job_stats_position";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(POSITION)
                    .col(ColumnDef::new("id").small_integer().not_null().primary_key())
                    .col(ColumnDef::new("position").big_integer().not_null())
                    .check(("chk_job_stats_position_id", Expr::col("id").eq(1)))
                    .to_owned(),
            )
            .await?;
        let begin = "INSERT INTO job_stats_position (id, position) VALUES (1, 0)";
        manager.get_connection().execute_unprepared(begin).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, POSITION).await
    }
}
