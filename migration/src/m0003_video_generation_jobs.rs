//! `video_generation_jobs`: the only table of jobs. Column and index names are those of the older
//! service.

use crate::{MAX_ATTEMPT, MAX_VERSION, all_in_years, drop_table, time};
use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

const JOBS: &str = "video_generation_jobs";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(table()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        if manager.get_database_backend() == DbBackend::Postgres {
            // PostgreSQL serves `labels @> '{"team":"a"}'` from this index; SQLite has no such
            // index for JSON.
            let labels = "CREATE INDEX idx_job_labels ON video_generation_jobs USING gin (labels jsonb_path_ops)";
            manager.get_connection().execute_unprepared(labels).await?;
        }
        Ok(())
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
    for (name, column, parent) in
        [("fk_jobs_episode", "episode_id", "episodes"), ("fk_jobs_series", "series_id", "series")]
    {
        table.foreign_key(
            ForeignKey::create().name(name).from(JOBS, column).to(parent, "id").on_delete(ForeignKeyAction::SetNull),
        );
    }
    table
}

/// Adds the columns that the creator sets.
fn inputs(table: &mut TableCreateStatement) {
    table
        .col(ColumnDef::new("id").string_len(64).not_null().primary_key())
        .col(ColumnDef::new("job_type").string_len(50).not_null())
        .col(ColumnDef::new("mode").string_len(20))
        .col(ColumnDef::new("content").text())
        .col(ColumnDef::new("user_requirement").text())
        .col(ColumnDef::new("style").string_len(255))
        .col(ColumnDef::new("project_title").string_len(255))
        .col(ColumnDef::new("request_data").json_binary())
        .col(ColumnDef::new("context").json_binary())
        .col(ColumnDef::new("working_dir").string_len(500))
        .col(ColumnDef::new("episode_id").string_len(36))
        .col(ColumnDef::new("series_id").string_len(36))
        .col(ColumnDef::new("priority").small_integer().not_null().default(0))
        .col(time("run_at"))
        .col(ColumnDef::new("max_attempts").integer().not_null().default(3))
        .col(ColumnDef::new("labels").json_binary())
        .col(ColumnDef::new("idempotency_key").string_len(255))
        .col(ColumnDef::new("idempotency_fingerprint").string_len(64))
        .col(ColumnDef::new("source").string_len(50))
        .col(ColumnDef::new("source_status").string_len(255));
}

/// Adds the columns that change while the job runs.
fn state(table: &mut TableCreateStatement) {
    table
        .col(ColumnDef::new("status").string_len(50).not_null())
        .col(ColumnDef::new("progress").double().not_null().default(0.0))
        .col(ColumnDef::new("current_stage").string_len(255))
        .col(ColumnDef::new("result_data").json_binary())
        .col(ColumnDef::new("error_message").text())
        .col(ColumnDef::new("total_shots").integer().not_null().default(0))
        .col(ColumnDef::new("completed_shots").integer().not_null().default(0))
        .col(time("created_at").not_null())
        .col(time("updated_at").not_null())
        .col(time("started_at"))
        .col(time("completed_at"))
        .col(ColumnDef::new("attempt").integer().not_null().default(0))
        .col(ColumnDef::new("worker_id").string_len(200))
        .col(ColumnDef::new("lease_token").string_len(64))
        .col(time("lease_expires_at"))
        .col(time("cancel_requested_at"))
        .col(ColumnDef::new("version").big_integer().not_null().default(1));
}

/// Time columns of a job. A later step adds `status_since`, with its own check.
const TIMES: [&str; 7] =
    ["created_at", "updated_at", "run_at", "started_at", "completed_at", "lease_expires_at", "cancel_requested_at"];

/// Adds the rules that hold for every writer. All of them are here, because SQLite cannot add a
/// CHECK later.
fn checks(table: &mut TableCreateStatement) {
    let known = ["queued", "processing", "completed", "failed", "cancelled"];
    let terminal = Expr::col("status").is_in(["completed", "failed", "cancelled"]);
    let ended = Expr::col("completed_at").is_not_null();
    let leased = Expr::col("lease_token").is_not_null();
    table
        .check(("chk_jobs_status", Expr::col("status").is_in(known)))
        .check(("chk_jobs_progress", Expr::col("progress").between(0, 100)))
        .check(("chk_jobs_total_shots", Expr::col("total_shots").gte(0)))
        .check(("chk_jobs_completed_shots", Expr::col("completed_shots").between(0, Expr::col("total_shots"))))
        .check(("chk_jobs_completed_at", terminal.eq(ended)))
        .check(("chk_jobs_lease", leased.clone().eq(Expr::col("lease_expires_at").is_not_null())))
        .check(("chk_jobs_lease_status", leased.not().or(Expr::col("status").eq("processing"))))
        .check(("chk_jobs_priority", Expr::col("priority").between(-100, 100)))
        .check(("chk_jobs_attempt", Expr::col("attempt").between(0, MAX_ATTEMPT)))
        .check(("chk_jobs_max_attempts", Expr::col("max_attempts").between(1, 100)))
        .check(("chk_jobs_version", Expr::col("version").between(1, MAX_VERSION)))
        .check(("chk_jobs_times", all_in_years(&TIMES)));
}

/// Indexes of the lists. Each filter ends in (created_at, id), the order of every page, so that a
/// page is a range of one index.
fn indexes() -> Vec<IndexCreateStatement> {
    let list = |name: &str, column: &'static str| {
        Index::create().name(name).table(JOBS).col(column).col("created_at").col("id").to_owned()
    };
    let sparse =
        |name: &str, column: &'static str| list(name, column).and_where(Expr::col(column).is_not_null()).to_owned();
    vec![
        Index::create().name("idx_job_created").table(JOBS).col("created_at").col("id").to_owned(),
        list("idx_job_status", "status"),
        list("idx_job_type", "job_type"),
        sparse("idx_job_mode", "mode"),
        sparse("idx_job_series", "series_id"),
        sparse("idx_job_episode", "episode_id"),
        Index::create()
            .name("idx_job_idempotency_key")
            .table(JOBS)
            .col("idempotency_key")
            .unique()
            .and_where(Expr::col("idempotency_key").is_not_null())
            .to_owned(),
    ]
}
