//! `job_labels`: index from each label to its jobs, which triggers maintain as the labels of a job
//! change. A page of the jobs with a label is a range of its key, newest last, however rare the
//! label is among however many jobs.
//!
//! Replaces PostgreSQL's index on the JSON column, which has no order: for a page of fifty, the
//! database had to find and sort all jobs of a frequent label. SQLite had no index. Only texts of
//! at most 255 characters are indexed, because Callsheet accepts no longer ones. Longer ones that
//! other programs write stay in the job's own column, and cannot be used in filters.

use crate::{drop_table, time};
use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

const JOBS: &str = "video_generation_jobs";
const LABELS: &str = "job_labels";
const COLUMNS: &str = "label_key, label_value, job_created_at, job_id";

/// Conflict clause for SQLite, which stores JSON text as it was written: another program may write
/// a name twice.
const ONCE: &str = " ON CONFLICT DO NOTHING";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        manager.create_table(table(backend)).await?;
        let db = manager.get_connection();
        let (statements, labels) = match backend {
            DbBackend::Postgres => (postgres(), postgres_labels("video_generation_jobs")),
            _ => (sqlite(), sqlite_labels("video_generation_jobs AS job, ", "job") + ONCE),
        };
        for sql in statements {
            db.execute_unprepared(&sql).await?;
        }
        // After the triggers: creating them keeps other writers out until the end of the migration.
        db.execute_unprepared(&format!("INSERT INTO {LABELS} ({COLUMNS}) {labels}")).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let postgres = manager.get_database_backend() == DbBackend::Postgres;
        for name in ["insert", "update", "delete", "truncate"] {
            let of_table = if postgres { format!(" ON {JOBS}") } else { String::new() };
            db.execute_unprepared(&format!("DROP TRIGGER IF EXISTS trg_job_labels_{name}{of_table}")).await?;
        }
        if postgres {
            db.execute_unprepared("DROP FUNCTION IF EXISTS callsheet_keep_labels()").await?;
            db.execute_unprepared(
                "CREATE INDEX idx_job_labels ON video_generation_jobs USING gin (labels jsonb_path_ops)",
            )
            .await?;
        }
        drop_table(manager, LABELS).await
    }
}

fn table(backend: DbBackend) -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(LABELS)
        .col(ColumnDef::new("label_key").string_len(63).not_null())
        .col(ColumnDef::new("label_value").string_len(255).not_null())
        .col(time("job_created_at").not_null())
        .col(ColumnDef::new("job_id").string_len(64).not_null())
        .primary_key(Index::create().col("label_key").col("label_value").col("job_created_at").col("job_id"));
    if backend == DbBackend::Sqlite {
        // The key is the whole row.
        table.extra("WITHOUT ROWID");
    }
    table
}

/// Selects the labels of the row `row`. A value that is not an object has none; json_each would
/// fail on text that is not JSON.
fn sqlite_labels(from: &str, row: &str) -> String {
    format!(
        "SELECT label.key, label.value, {row}.created_at, {row}.id FROM {from}json_each(\
         CASE WHEN json_valid({row}.labels) AND json_type({row}.labels) = 'object' THEN {row}.labels END) AS label \
         WHERE label.type = 'text' AND length(label.key) <= 63 AND length(label.value) <= 255"
    )
}

fn sqlite() -> Vec<String> {
    let more = format!("INSERT INTO {LABELS} ({COLUMNS}) {}{ONCE};", sqlite_labels("", "NEW"));
    let less = format!("DELETE FROM {LABELS} WHERE ({COLUMNS}) IN ({});", sqlite_labels("", "OLD"));
    let differs = "OLD.labels IS NOT NEW.labels OR OLD.created_at <> NEW.created_at OR OLD.id <> NEW.id";
    let trigger = |name: &str, on: &str, when: &str, what: &str| {
        format!("CREATE TRIGGER trg_job_labels_{name} AFTER {on} ON {JOBS} FOR EACH ROW WHEN {when} BEGIN {what} END")
    };
    vec![
        trigger("insert", "INSERT", "NEW.labels IS NOT NULL", &more),
        trigger("update", "UPDATE OF labels, created_at, id", differs, &format!("{less} {more}")),
        trigger("delete", "DELETE", "OLD.labels IS NOT NULL", &less),
    ]
}

/// Selects the labels of all rows of the source.
fn postgres_labels(rows: &str) -> String {
    format!(
        "SELECT label.key, label.value #>> '{{}}', job.created_at, job.id FROM {rows} AS job, \
         jsonb_each(CASE WHEN jsonb_typeof(job.labels) = 'object' THEN job.labels END) AS label \
         WHERE jsonb_typeof(label.value) = 'string' AND length(label.key) <= 63 AND length(label.value #>> '{{}}') <= 255"
    )
}

fn postgres() -> Vec<String> {
    let more = |rows: &str| format!("INSERT INTO {LABELS} ({COLUMNS}) {};", postgres_labels(rows));
    let less = |rows: &str| format!("DELETE FROM {LABELS} WHERE ({COLUMNS}) IN ({});", postgres_labels(rows));
    let function = format!(
        "CREATE OR REPLACE FUNCTION callsheet_keep_labels() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
             IF TG_OP = 'INSERT' THEN {}
             ELSIF TG_OP = 'UPDATE' THEN {} {}
             ELSIF TG_OP = 'DELETE' THEN {}
             ELSE DELETE FROM {LABELS};
             END IF;
             RETURN NULL;
         END $$",
        more("new_rows"),
        less("(SELECT OLD.*)"),
        more("(SELECT NEW.*)"),
        less("old_rows"),
    );
    let trigger = |event: &str, rest: &str| {
        let name = event.split(' ').next().unwrap_or(event).to_lowercase();
        format!(
            "CREATE TRIGGER trg_job_labels_{name} AFTER {event} ON {JOBS} {rest} EXECUTE FUNCTION callsheet_keep_labels()"
        )
    };
    vec![
        "DROP INDEX idx_job_labels".to_owned(),
        function,
        trigger("INSERT", "REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT"),
        // A row trigger, because a trigger with transition tables cannot be limited to columns, and
        // hardly any update changes these.
        trigger(
            "UPDATE OF labels, created_at, id",
            "FOR EACH ROW WHEN (OLD.labels IS DISTINCT FROM NEW.labels \
             OR OLD.created_at <> NEW.created_at OR OLD.id <> NEW.id)",
        ),
        trigger("DELETE", "REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT"),
        trigger("TRUNCATE", "FOR EACH STATEMENT"),
    ]
}
