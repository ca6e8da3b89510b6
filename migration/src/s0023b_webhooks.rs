//! `webhooks`: endpoints that are sent the events of the history, a row each, with the position
//! that each has reached. One row, without a URL, stands for the URLs that jobs name.

use crate::parts::{MAX_VERSION, all_in_years, count, create, drop_table, json, text, time};
use sea_orm_migration::prelude::*;

const WEBHOOKS: &str = "webhooks";
/// Id of the row whose messages go to the URLs that jobs name.
const JOBS: &str = "jobs";
const STATES: [&str; 3] = ["active", "paused", "disabled"];
const TIMES: [&str; 4] = [
    "previous_secret_until",
    "failing_since",
    "created_at",
    "updated_at",
];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &table(), []).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, WEBHOOKS).await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(WEBHOOKS)
        .col(text("id", 36).not_null().primary_key())
        .col(text("url", 2048))
        .col(json("kinds").not_null())
        .col(json("job_types"))
        .col(json("labels"))
        .col(text("secret", 100).not_null())
        .col(text("previous_secret", 100))
        .col(time("previous_secret_until"))
        .col(ColumnDef::new("position").big_integer().not_null())
        .col(text("state", 20).not_null())
        .col(ColumnDef::new("reason").text())
        .col(time("failing_since"))
        .col(time("created_at").not_null())
        .col(time("updated_at").not_null())
        .col(count("version"))
        .check(("chk_webhooks_state", Expr::col("state").is_in(STATES)))
        .check((
            "chk_webhooks_position",
            Expr::col("position").between(0, MAX_VERSION),
        ))
        .check(("chk_webhooks_times", all_in_years(&TIMES)))
        .check((
            "chk_webhooks_url",
            Expr::col("url").is_null().eq(Expr::col("id").eq(JOBS)),
        ))
        // The secret before a rotation is good until a time.
        .check((
            "chk_webhooks_previous_secret",
            Expr::col("previous_secret")
                .is_null()
                .eq(Expr::col("previous_secret_until").is_null()),
        ))
        .to_owned()
}
