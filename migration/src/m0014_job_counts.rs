//! `job_counts`: number of jobs by type and status. Triggers maintain it in the writing
//! transaction, so that rows changed by other programs count too.
//!
//! SQLite has one writer, so row triggers maintain one row per type and status. On PostgreSQL
//! statement triggers with transition tables change all counts of a statement at once, in a slot
//! that its transaction has to itself: with a single row all writers would queue for it, and
//! deadlock when they change several. A count is the sum over the slots, one of which may be
//! negative.

use crate::drop_table;
use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

const JOBS: &str = "video_generation_jobs";
const COUNTS: &str = "job_counts";

/// Maximum transactions that may change counts at once without waiting for each other.
const SLOTS: u32 = 16;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table(COUNTS)
            .col(ColumnDef::new("job_type").string_len(50).not_null())
            .col(ColumnDef::new("status").string_len(50).not_null())
            .col(ColumnDef::new("slot").small_integer().not_null())
            .col(ColumnDef::new("jobs").big_integer().not_null())
            .primary_key(Index::create().col("job_type").col("status").col("slot"));
        manager.create_table(table).await?;
        let db = manager.get_connection();
        let statements = match manager.get_database_backend() {
            DbBackend::Postgres => postgres(),
            _ => sqlite(),
        };
        for sql in statements {
            db.execute_unprepared(&sql).await?;
        }
        // After the triggers: creating them keeps other writers out until the end of the migration.
        db.execute_unprepared(
            "INSERT INTO job_counts (job_type, status, slot, jobs) \
             SELECT job_type, status, 0, count(*) FROM video_generation_jobs GROUP BY job_type, status",
        )
        .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for name in ["insert", "update", "delete", "truncate"] {
            let of_table = match manager.get_database_backend() {
                DbBackend::Postgres => format!(" ON {JOBS}"),
                _ => String::new(),
            };
            db.execute_unprepared(&format!("DROP TRIGGER IF EXISTS trg_job_counts_{name}{of_table}")).await?;
        }
        if manager.get_database_backend() == DbBackend::Postgres {
            db.execute_unprepared("DROP FUNCTION IF EXISTS callsheet_count_jobs()").await?;
        }
        drop_table(manager, COUNTS).await
    }
}

fn sqlite() -> Vec<String> {
    // No ON CONFLICT here: inside a trigger SQLite applies the clause of the outer statement
    // instead.
    let more = "UPDATE job_counts SET jobs = jobs + 1 WHERE job_type = NEW.job_type AND status = NEW.status AND slot = 0; \
                INSERT INTO job_counts (job_type, status, slot, jobs) SELECT NEW.job_type, NEW.status, 0, 1 WHERE changes() = 0;";
    let less =
        "UPDATE job_counts SET jobs = jobs - 1 WHERE job_type = OLD.job_type AND status = OLD.status AND slot = 0;";
    let differs = "OLD.status <> NEW.status OR OLD.job_type <> NEW.job_type";
    let trigger = |name: &str, on: &str, when: &str, what: &str| {
        format!("CREATE TRIGGER trg_job_counts_{name} AFTER {on} ON {JOBS} FOR EACH ROW {when} BEGIN {what} END")
    };
    vec![
        trigger("insert", "INSERT", "", more),
        trigger("update", "UPDATE OF status, job_type", &format!("WHEN {differs}"), &format!("{less} {more}")),
        trigger("delete", "DELETE", "", less),
    ]
}

fn postgres() -> Vec<String> {
    let count = |rows: &str| {
        format!(
            "INSERT INTO job_counts AS c (job_type, status, slot, jobs)
             SELECT job_type, status, own, sum(n) FROM ({rows}) AS changed (job_type, status, n)
             GROUP BY job_type, status HAVING sum(n) <> 0 ORDER BY job_type, status
             ON CONFLICT (job_type, status, slot) DO UPDATE SET jobs = c.jobs + EXCLUDED.jobs;"
        )
    };
    let (old, new) = ("SELECT job_type, status, -1 FROM old_rows", "SELECT job_type, status, 1 FROM new_rows");
    let function = format!(
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
             ELSE DELETE FROM job_counts;
             END IF;
             RETURN NULL;
         END $$",
        count(new),
        count(&format!("{old} UNION ALL {new}")),
        count(old),
    );
    let trigger = |event: &str, rows: &str| {
        let name = event.to_lowercase();
        format!(
            "CREATE TRIGGER trg_job_counts_{name} AFTER {event} ON {JOBS} {rows} FOR EACH STATEMENT EXECUTE FUNCTION callsheet_count_jobs()"
        )
    };
    vec![
        // Every write updates these few rows. Free space beside them keeps the updates in the page,
        // and the table small.
        "ALTER TABLE job_counts SET (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)".to_owned(),
        function,
        trigger("INSERT", "REFERENCING NEW TABLE AS new_rows"),
        trigger("UPDATE", "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"),
        trigger("DELETE", "REFERENCING OLD TABLE AS old_rows"),
        trigger("TRUNCATE", ""),
    ]
}
