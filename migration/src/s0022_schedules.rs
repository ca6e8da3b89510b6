//! `schedules`: what creates jobs by the clock, a row each.

use crate::parts::{all_in_years, count, create, drop_table, index, json, text, time};
use sea_orm_migration::prelude::*;

const SCHEDULES: &str = "schedules";
const KINDS: [&str; 3] = ["cron", "every", "once"];
const OVERLAPS: [&str; 4] = ["skip", "queue_one", "cancel_previous", "allow"];
const MISSED: [&str; 3] = ["last", "skip", "all"];
const TIMES: [&str; 8] = [
    "starts_at",
    "ends_at",
    "paused_at",
    "next_at",
    "due_at",
    "last_at",
    "created_at",
    "updated_at",
];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let due = index("idx_schedules_due", SCHEDULES, &["due_at"])
            .and_where(Expr::col("due_at").is_not_null())
            .to_owned();
        create(manager, &table(), [due]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, SCHEDULES).await
    }
}

fn table() -> TableCreateStatement {
    let seconds = |name: &'static str| ColumnDef::new(name).integer().not_null().take();
    let natural = |column: &'static str| Expr::col(column).gte(0);
    Table::create()
        .table(SCHEDULES)
        .col(text("id", 40).not_null().primary_key())
        .col(text("kind", 20).not_null())
        .col(text("expr", 255).not_null())
        .col(text("timezone", 64).not_null())
        .col(json("template").not_null())
        .col(text("overlap", 20).not_null())
        .col(text("missed", 20).not_null())
        .col(seconds("window_seconds"))
        .col(seconds("jitter_seconds"))
        .col(time("starts_at"))
        .col(time("ends_at"))
        .col(time("paused_at"))
        .col(time("next_at"))
        .col(time("due_at"))
        .col(time("last_at"))
        .col(text("last_job_id", 64))
        .col(count("fired"))
        .col(count("skipped"))
        .col(ColumnDef::new("error").text())
        .col(time("created_at").not_null())
        .col(time("updated_at").not_null())
        .col(count("version"))
        .check(("chk_schedules_kind", Expr::col("kind").is_in(KINDS)))
        .check((
            "chk_schedules_overlap",
            Expr::col("overlap").is_in(OVERLAPS),
        ))
        .check(("chk_schedules_missed", Expr::col("missed").is_in(MISSED)))
        .check(("chk_schedules_window", natural("window_seconds")))
        .check(("chk_schedules_jitter", natural("jitter_seconds")))
        .check(("chk_schedules_fired", natural("fired")))
        .check(("chk_schedules_skipped", natural("skipped")))
        .check(("chk_schedules_times", all_in_years(&TIMES)))
        // A paused schedule fires at no time.
        .check((
            "chk_schedules_paused",
            Expr::col("paused_at")
                .is_null()
                .or(Expr::col("due_at").is_null()),
        ))
        .to_owned()
}
