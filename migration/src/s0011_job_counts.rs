//! `job_counts`: numbers of jobs by type and status. Triggers keep them in the writing transaction,
//! so that rows which are changed past Callsheet count too.
//!
//! On SQLite, which has one writer, row triggers keep one row for each type and status. On
//! PostgreSQL a statement changes all its counts at once (statement triggers with transition
//! tables), in a slot that its transaction has to itself: with a single row all writers would queue
//! for it, and deadlock when they change several. A count is the sum over the slots, some of which
//! may be negative.

use crate::parts::{JOBS, create, drop_table, drop_triggers, execute, schema, text};
use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

const COUNTS: &str = "job_counts";

/// Transactions that may change counts at once without waiting for each other.
const SLOTS: u32 = 16;

/// Counts of the jobs that are there: the step may have been undone and be applied again.
const COUNT_ALL: &str = "INSERT INTO job_counts (job_type, status, slot, jobs) \
    SELECT job_type, status, 0, count(*) FROM video_generation_jobs GROUP BY job_type, status";

/// Room for the few rows that each write updates: the updates stay in their page, and the table
/// small.
const ROOM: &str = "ALTER TABLE job_counts SET (fillfactor = 10, \
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &table(), []).await?;
        match manager.get_database_backend() {
            DbBackend::Postgres => execute(manager, postgres(&schema(manager).await?)).await?,
            _ => execute(manager, sqlite()).await?,
        }
        // After the triggers: creating them keeps other writers out until the migration ends.
        execute(manager, [COUNT_ALL]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_triggers(manager, "trg_job_counts", "callsheet_count_jobs").await?;
        drop_table(manager, COUNTS).await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(COUNTS)
        .col(text("job_type", 50).not_null())
        .col(text("status", 50).not_null())
        .col(ColumnDef::new("slot").small_integer().not_null())
        .col(ColumnDef::new("jobs").big_integer().not_null())
        .primary_key(Index::create().col("job_type").col("status").col("slot"))
        .to_owned()
}

fn sqlite() -> [String; 3] {
    // Without ON CONFLICT: in a trigger, that of the statement which fires it would apply.
    let more = "UPDATE job_counts SET jobs = jobs + 1 \
        WHERE job_type = NEW.job_type AND status = NEW.status AND slot = 0; \
        INSERT INTO job_counts (job_type, status, slot, jobs) \
        SELECT NEW.job_type, NEW.status, 0, 1 WHERE changes() = 0;";
    let less = "UPDATE job_counts SET jobs = jobs - 1 \
        WHERE job_type = OLD.job_type AND status = OLD.status AND slot = 0;";
    let differs = "WHEN OLD.status <> NEW.status OR OLD.job_type <> NEW.job_type";
    let trigger = |name: &str, on: &str, when: &str, what: &str| {
        format!(
            "CREATE TRIGGER trg_job_counts_{name} AFTER {on} ON {JOBS} \
             FOR EACH ROW {when} BEGIN {what} END"
        )
    };
    [
        trigger("insert", "INSERT", "", more),
        trigger(
            "update",
            "UPDATE OF status, job_type",
            differs,
            &format!("{less} {more}"),
        ),
        trigger("delete", "DELETE", "", less),
    ]
}

fn postgres(schema: &str) -> [String; 6] {
    let trigger = |event: &str, rows: &str| {
        let name = event.to_lowercase();
        format!(
            "CREATE TRIGGER trg_job_counts_{name} AFTER {event} ON {JOBS} {rows} \
             FOR EACH STATEMENT EXECUTE FUNCTION callsheet_count_jobs()"
        )
    };
    [
        ROOM.to_owned(),
        postgres_function(schema),
        trigger("INSERT", "REFERENCING NEW TABLE AS new_rows"),
        trigger(
            "UPDATE",
            "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
        ),
        trigger("DELETE", "REFERENCING OLD TABLE AS old_rows"),
        trigger("TRUNCATE", ""),
    ]
}

fn postgres_function(schema: &str) -> String {
    let count = |rows: &str| {
        format!(
            "INSERT INTO {schema}.job_counts AS c (job_type, status, slot, jobs)
             SELECT job_type, status, own, sum(n) FROM ({rows}) AS changed (job_type, status, n)
             GROUP BY job_type, status HAVING sum(n) <> 0 ORDER BY job_type, status
             ON CONFLICT (job_type, status, slot) DO UPDATE SET jobs = c.jobs + EXCLUDED.jobs;"
        )
    };
    let old = "SELECT job_type, status, -1 FROM old_rows";
    let new = "SELECT job_type, status, 1 FROM new_rows";
    format!(
        "CREATE OR REPLACE FUNCTION callsheet_count_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
         DECLARE
             -- Where all slots are taken it waits for this one.
             own int := pg_backend_pid() % {SLOTS};
         BEGIN
             FOR tries IN 1..{SLOTS} LOOP
                 EXIT WHEN pg_try_advisory_xact_lock(716167711, own);
                 own := (own + 1) % {SLOTS};
             END LOOP;
             IF TG_OP = 'INSERT' THEN {}
             ELSIF TG_OP = 'UPDATE' THEN {}
             ELSIF TG_OP = 'DELETE' THEN {}
             ELSE DELETE FROM {schema}.job_counts;
             END IF;
             RETURN NULL;
         END $$",
        count(new),
        count(&format!("{old} UNION ALL {new}")),
        count(old),
    )
}
