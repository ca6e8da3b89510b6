//! `job_labels`: the labels of all jobs, a row each, which triggers keep as the labels of a job
//! change. A page of the jobs with a label is a range of the key, however rare the label is.
//!
//! An index of the JSON (GIN on PostgreSQL; SQLite has none) knows no order: all jobs of a frequent
//! label would be found and sorted for a page of fifty. Only texts of at most 255 characters are
//! kept, as Callsheet accepts no others; labels beyond that, which other programs may write, stay
//! in the column of the job and match no filter.

use crate::parts::{JOBS, create, drop_table, drop_triggers, execute, schema, text, time};
use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

const LABELS: &str = "job_labels";
const COLUMNS: &str = "label_key, label_value, job_created_at, job_id";

/// SQLite keeps the text of a JSON as it was written, and other programs may write a name twice.
const ONCE: &str = " ON CONFLICT DO NOTHING";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        create(manager, &table(backend), []).await?;
        // Labels of the jobs that are there: the step may have been undone and be applied again.
        let labels = match backend {
            DbBackend::Postgres => {
                execute(manager, postgres(&schema(manager).await?)).await?;
                postgres_labels(JOBS)
            }
            _ => {
                execute(manager, sqlite()).await?;
                sqlite_labels("video_generation_jobs AS job, ", "job") + ONCE
            }
        };
        // After the triggers: creating them keeps other writers out until the migration ends.
        execute(
            manager,
            [format!("INSERT INTO {LABELS} ({COLUMNS}) {labels}")],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_triggers(manager, "trg_job_labels", "callsheet_keep_labels").await?;
        drop_table(manager, LABELS).await
    }
}

fn table(backend: DbBackend) -> TableCreateStatement {
    let mut key = Index::create();
    key.col("label_key")
        .col("label_value")
        .col("job_created_at")
        .col("job_id");
    let mut table = Table::create();
    table
        .table(LABELS)
        .col(text("label_key", 63).not_null())
        .col(text("label_value", 255).not_null())
        .col(time("job_created_at").not_null())
        .col(text("job_id", 64).not_null())
        .primary_key(&mut key);
    if backend == DbBackend::Sqlite {
        // The key is the whole row.
        table.extra("WITHOUT ROWID");
    }
    table
}

/// Labels of the row with this name. A value that is no object has none; json_each would fail on
/// text that is no JSON.
fn sqlite_labels(from: &str, row: &str) -> String {
    format!(
        "SELECT label.key, label.value, {row}.created_at, {row}.id FROM {from}json_each(CASE \
         WHEN json_valid({row}.labels) AND json_type({row}.labels) = 'object' \
         THEN {row}.labels END) AS label \
         WHERE label.type = 'text' AND length(label.key) <= 63 AND length(label.value) <= 255"
    )
}

fn sqlite() -> [String; 3] {
    let new = sqlite_labels("", "NEW");
    let old = sqlite_labels("", "OLD");
    let more = format!("INSERT INTO {LABELS} ({COLUMNS}) {new}{ONCE};");
    let less = format!("DELETE FROM {LABELS} WHERE ({COLUMNS}) IN ({old});");
    let differs = "OLD.labels IS NOT NEW.labels OR OLD.created_at <> NEW.created_at \
        OR OLD.id <> NEW.id";
    let trigger = |name: &str, on: &str, when: &str, what: &str| {
        format!(
            "CREATE TRIGGER trg_job_labels_{name} AFTER {on} ON {JOBS} \
             FOR EACH ROW WHEN {when} BEGIN {what} END"
        )
    };
    let update = "UPDATE OF labels, created_at, id";
    [
        trigger("insert", "INSERT", "NEW.labels IS NOT NULL", &more),
        trigger("update", update, differs, &format!("{less} {more}")),
        trigger("delete", "DELETE", "OLD.labels IS NOT NULL", &less),
    ]
}

/// Labels of all rows of the source.
fn postgres_labels(rows: &str) -> String {
    format!(
        "SELECT label.key, label.value #>> '{{}}', job.created_at, job.id FROM {rows} AS job, \
         jsonb_each(CASE WHEN jsonb_typeof(job.labels) = 'object' THEN job.labels END) AS label \
         WHERE jsonb_typeof(label.value) = 'string' AND length(label.key) <= 63 \
         AND length(label.value #>> '{{}}') <= 255"
    )
}

fn postgres(schema: &str) -> [String; 5] {
    let trigger = |event: &str, rest: &str| {
        let name = event.split(' ').next().unwrap_or(event).to_lowercase();
        format!(
            "CREATE TRIGGER trg_job_labels_{name} AFTER {event} ON {JOBS} {rest} \
             EXECUTE FUNCTION callsheet_keep_labels()"
        )
    };
    [
        postgres_function(schema),
        trigger(
            "INSERT",
            "REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT",
        ),
        // A row trigger, which alone can be limited to these columns: few updates change them.
        trigger(
            "UPDATE OF labels, created_at, id",
            "FOR EACH ROW WHEN (OLD.labels IS DISTINCT FROM NEW.labels \
             OR OLD.created_at <> NEW.created_at OR OLD.id <> NEW.id)",
        ),
        trigger(
            "DELETE",
            "REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT",
        ),
        trigger("TRUNCATE", "FOR EACH STATEMENT"),
    ]
}

fn postgres_function(schema: &str) -> String {
    let more = |rows| {
        format!(
            "INSERT INTO {schema}.{LABELS} ({COLUMNS}) {};",
            postgres_labels(rows)
        )
    };
    let less = |rows| {
        format!(
            "DELETE FROM {schema}.{LABELS} WHERE ({COLUMNS}) IN ({});",
            postgres_labels(rows)
        )
    };
    format!(
        "CREATE OR REPLACE FUNCTION callsheet_keep_labels() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
             IF TG_OP = 'INSERT' THEN {}
             ELSIF TG_OP = 'UPDATE' THEN {} {}
             ELSIF TG_OP = 'DELETE' THEN {}
             ELSE DELETE FROM {schema}.{LABELS};
             END IF;
             RETURN NULL;
         END $$",
        more("new_rows"),
        less("(SELECT OLD.*)"),
        more("(SELECT NEW.*)"),
        less("old_rows"),
    )
}
