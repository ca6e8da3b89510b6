//! `video_generation_jobs`: all jobs. Names of columns and indexes are those of the older service.
//!
//! The indexes for claiming hold live jobs alone, so that a claim costs the same whatever the
//! history. They hold no column that a heartbeat or a progress report changes: on PostgreSQL such
//! an update touches no index at all.

use crate::parts::{
    JOBS, MAX_ATTEMPT, MAX_VERSION, all_in_years, create, drop_table, execute, fill_pages,
    idempotency_index, in_years, index, json, reference, text, time,
};
use sea_orm_migration::prelude::*;

/// Queued jobs without a hold in the order of claims: by rank, then by the time when they are due.
/// The rank orders by priority, then jobs that were started before new ones, then jobs without
/// `run_at`, which are always due, before those with one. Each rank is a range of the index.
const CLAIM: &str = "CREATE INDEX idx_job_claim ON video_generation_jobs \
    (job_type, (CASE WHEN started_at IS NULL THEN 2 ELSE 0 END \
    + CASE WHEN run_at IS NULL THEN 0 ELSE 1 END - 4 * priority), \
    COALESCE(run_at, created_at), created_at, id) \
    WHERE status = 'queued' AND holds = 0";

/// Queued jobs of all types in the order of claims, for a look at what comes next, which costs the
/// same for any number of types. The rank is spelled in another order than in the index of claims:
/// PostgreSQL would otherwise search this index for the jobs of one type, past those of all others.
const NEXT: &str = "CREATE INDEX idx_job_next ON video_generation_jobs \
    ((-4 * priority + CASE WHEN started_at IS NULL THEN 2 ELSE 0 END \
    + CASE WHEN run_at IS NULL THEN 0 ELSE 1 END), \
    COALESCE(run_at, created_at), created_at, id) \
    WHERE status = 'queued' AND holds = 0";

/// Running jobs by the call that claimed them, so that a repeated call finds them.
const CLAIM_ID: &str = "CREATE INDEX idx_job_claim_id ON video_generation_jobs (claim_id) \
    WHERE status = 'processing' AND claim_id IS NOT NULL";

/// Jobs that run.
const PROCESSING: &str = "CREATE INDEX idx_job_processing ON video_generation_jobs \
    (job_type, id) WHERE status = 'processing'";

/// Queued jobs by the time since which they are due: the first entry has waited longest.
const DUE: &str = "CREATE INDEX idx_job_due ON video_generation_jobs \
    ((CASE WHEN run_at > COALESCE(status_since, created_at) THEN run_at \
    ELSE COALESCE(status_since, created_at) END)) WHERE status = 'queued' AND holds = 0";

/// Times of a job; `status_since` has a check of its own.
const TIMES: [&str; 9] = [
    "created_at",
    "updated_at",
    "run_at",
    "started_at",
    "completed_at",
    "lease_expires_at",
    "cancel_requested_at",
    "last_heard_at",
    "run_until",
];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &table(), indexes()).await?;
        execute(manager, [CLAIM, NEXT, PROCESSING, DUE, CLAIM_ID]).await?;
        fill_pages(manager, JOBS, 80).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, JOBS).await
    }
}

fn table() -> TableCreateStatement {
    let mut table = Table::create();
    table.table(JOBS);
    inputs(&mut table);
    state(&mut table);
    checks(&mut table);
    for (name, column, parent) in [
        ("fk_jobs_episode", "episode_id", "episodes"),
        ("fk_jobs_series", "series_id", "series"),
    ] {
        let on_delete = ForeignKeyAction::SetNull;
        table.foreign_key(&mut reference(name, (JOBS, column), parent, on_delete));
    }
    table
}

/// Columns that the creator of a job sets.
fn inputs(table: &mut TableCreateStatement) {
    table
        .col(text("id", 64).not_null().primary_key())
        .col(text("job_type", 50).not_null())
        .col(text("mode", 20))
        .col(ColumnDef::new("content").text())
        .col(ColumnDef::new("user_requirement").text())
        .col(text("style", 255))
        .col(text("project_title", 255))
        .col(json("request_data"))
        .col(json("context"))
        .col(text("working_dir", 500))
        .col(text("episode_id", 36))
        .col(text("series_id", 36))
        .col(
            ColumnDef::new("priority")
                .small_integer()
                .not_null()
                .default(0),
        )
        .col(time("run_at"))
        .col(
            ColumnDef::new("max_attempts")
                .integer()
                .not_null()
                .default(3),
        )
        .col(json("labels"))
        .col(text("idempotency_key", 255))
        .col(text("idempotency_fingerprint", 64))
        .col(text("source", 50))
        .col(text("source_status", 255))
        .col(ColumnDef::new("max_run_seconds").integer())
        .col(json("webhook"));
}

/// Columns that change while a job runs.
fn state(table: &mut TableCreateStatement) {
    table
        .col(text("status", 50).not_null())
        .col(ColumnDef::new("progress").double().not_null().default(0.0))
        .col(text("current_stage", 255))
        .col(json("result_data"))
        .col(ColumnDef::new("error_message").text())
        .col(
            ColumnDef::new("total_shots")
                .integer()
                .not_null()
                .default(0),
        )
        .col(
            ColumnDef::new("completed_shots")
                .integer()
                .not_null()
                .default(0),
        )
        .col(time("created_at").not_null())
        .col(text("created_by", 8))
        .col(time("updated_at").not_null())
        .col(time("started_at"))
        .col(time("completed_at"))
        .col(ColumnDef::new("attempt").integer().not_null().default(0))
        .col(text("worker_id", 200))
        .col(text("lease_token", 64))
        .col(time("lease_expires_at"))
        .col(time("cancel_requested_at"))
        .col(
            ColumnDef::new("version")
                .big_integer()
                .not_null()
                .default(1),
        )
        .col(time("status_since").check(in_years("status_since")))
        .col(text("last_lease_token", 64))
        .col(text("claim_id", 64))
        .col(time("last_heard_at"))
        .col(
            ColumnDef::new("unheard_claims")
                .integer()
                .not_null()
                .default(0),
        )
        .col(time("run_until"))
        .col(ColumnDef::new("holds").integer().not_null().default(0));
}

/// Invariants that the database enforces, even for statements of other programs.
fn checks(table: &mut TableCreateStatement) {
    let known = ["queued", "processing", "completed", "failed", "cancelled"];
    let terminal = Expr::col("status").is_in(["completed", "failed", "cancelled"]);
    let ended = Expr::col("completed_at").is_not_null();
    let leased = Expr::col("lease_token").is_not_null();
    let expires = Expr::col("lease_expires_at").is_not_null();
    let processing = Expr::col("status").eq("processing");
    let shots = Expr::col("completed_shots").between(0, Expr::col("total_shots"));
    table
        .check(("chk_jobs_status", Expr::col("status").is_in(known)))
        .check(("chk_jobs_progress", Expr::col("progress").between(0, 100)))
        .check(("chk_jobs_total_shots", Expr::col("total_shots").gte(0)))
        .check(("chk_jobs_completed_shots", shots))
        .check(("chk_jobs_completed_at", terminal.eq(ended)))
        .check(("chk_jobs_lease", leased.clone().eq(expires)))
        .check(("chk_jobs_lease_status", leased.not().or(processing)))
        .check((
            "chk_jobs_priority",
            Expr::col("priority").between(-100, 100),
        ))
        .check((
            "chk_jobs_attempt",
            Expr::col("attempt").between(0, MAX_ATTEMPT),
        ))
        .check((
            "chk_jobs_max_attempts",
            Expr::col("max_attempts").between(1, 100),
        ))
        .check((
            "chk_jobs_version",
            Expr::col("version").between(1, MAX_VERSION),
        ))
        .check((
            "chk_jobs_max_run_seconds",
            Expr::col("max_run_seconds").gte(1),
        ))
        .check((
            "chk_jobs_unheard_claims",
            Expr::col("unheard_claims").gte(0),
        ))
        .check(("chk_jobs_holds", Expr::col("holds").gte(0)))
        .check(("chk_jobs_times", all_in_years(&TIMES)));
}

/// Indexes of lists. Each filter ends in `(created_at, id)`, the order of every page, so that a
/// page is a range of one index.
fn indexes() -> [IndexCreateStatement; 8] {
    let list = |name, column| index(name, JOBS, &[column, "created_at", "id"]);
    let sparse = |name, column| {
        list(name, column)
            .and_where(Expr::col(column).is_not_null())
            .to_owned()
    };
    [
        index("idx_job_created", JOBS, &["created_at", "id"]),
        list("idx_job_status", "status"),
        list("idx_job_type", "job_type"),
        sparse("idx_job_mode", "mode"),
        sparse("idx_job_series", "series_id"),
        sparse("idx_job_episode", "episode_id"),
        sparse("idx_job_created_by", "created_by"),
        idempotency_index("idx_job_idempotency_key", JOBS),
    ]
}
