//! `webhook_deliveries`: messages to webhooks, a row for each event that a webhook is sent, with
//! the outcome of its last attempt.

use crate::parts::{
    MAX_ATTEMPT, all_in_years, create, drop_table, index, reference, serial, text, time,
};
use sea_orm_migration::prelude::*;

const DELIVERIES: &str = "webhook_deliveries";
const STATES: [&str; 4] = ["pending", "sending", "delivered", "failed"];
const TIMES: [&str; 5] = [
    "event_at",
    "next_at",
    "failing_since",
    "created_at",
    "updated_at",
];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let indexes = [
            // Each event is sent to a webhook once. A test is of no event.
            index(
                "idx_webhook_deliveries_event",
                DELIVERIES,
                &["webhook_id", "event_id"],
            )
            .unique()
            .to_owned(),
            index(
                "idx_webhook_deliveries_due",
                DELIVERIES,
                &["webhook_id", "endpoint", "next_at"],
            )
            .and_where(Expr::col("next_at").is_not_null())
            .to_owned(),
            index(
                "idx_webhook_deliveries_newest",
                DELIVERIES,
                &["webhook_id", "id"],
            ),
            index(
                "idx_webhook_deliveries_job",
                DELIVERIES,
                &["webhook_id", "job_id", "kind"],
            ),
            index(
                "idx_webhook_deliveries_created",
                DELIVERIES,
                &["created_at"],
            ),
        ];
        create(manager, &table(), indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, DELIVERIES).await
    }
}

fn table() -> TableCreateStatement {
    let mut webhook = reference(
        "fk_webhook_deliveries_webhook",
        (DELIVERIES, "webhook_id"),
        "webhooks",
        ForeignKeyAction::Cascade,
    );
    Table::create()
        .table(DELIVERIES)
        .col(serial("id"))
        .col(text("webhook_id", 36).not_null())
        .col(ColumnDef::new("event_id").big_integer())
        .col(text("job_id", 64))
        .col(text("kind", 50).not_null())
        .col(text("url", 2048))
        .col(text("endpoint", 300).not_null())
        .col(text("scope", 64))
        .col(ColumnDef::new("body").text().not_null())
        .col(text("state", 20).not_null())
        .col(ColumnDef::new("attempt").integer().not_null())
        .col(time("event_at").not_null())
        .col(time("next_at"))
        .col(time("failing_since"))
        .col(ColumnDef::new("status_code").integer())
        .col(ColumnDef::new("error").text())
        .col(ColumnDef::new("duration_ms").integer())
        .col(ColumnDef::new("response").text())
        .col(time("created_at").not_null())
        .col(time("updated_at").not_null())
        .check((
            "chk_webhook_deliveries_state",
            Expr::col("state").is_in(STATES),
        ))
        .check((
            "chk_webhook_deliveries_attempt",
            Expr::col("attempt").between(0, MAX_ATTEMPT),
        ))
        .check(("chk_webhook_deliveries_times", all_in_years(&TIMES)))
        // A URL of a job's own is of an endpoint of its own.
        .check((
            "chk_webhook_deliveries_endpoint",
            Expr::col("url").is_null().eq(Expr::col("endpoint").eq("")),
        ))
        // A delivery that has ended is not attempted again, and any other one has a time for it.
        .check((
            "chk_webhook_deliveries_next",
            Expr::col("next_at")
                .is_null()
                .eq(Expr::col("state").is_in(["delivered", "failed"])),
        ))
        .foreign_key(&mut webhook)
        .to_owned()
}
