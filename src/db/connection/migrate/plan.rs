//! Plan of a migration: the statements of the pending steps, and what they lock. The steps run in
//! an empty copy of the schema, which is thrown away; tables with rows are not touched.

use super::{
    locks::{Lock, locks_of},
    migrate_error::{MigrateError, refused},
    status::{existing_tables, status},
};
use crate::db::{Database, dialect};
use migration::{MIGRATION_TABLE, Migrator, MigratorTrait, SchemaManager};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, QueryResult,
    Statement, TransactionTrait,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Schema of PostgreSQL in which the steps are tried; it never outlives the transaction.
const COPY: &str = "callsheet_plan";

/// Storage of each table: another file means that all rows were written again.
const FILES: &str = "SELECT relname::text, relfilenode::bigint FROM pg_class \
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'";

/// Statements that pending steps would run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub steps: Vec<PlannedStep>,
    /// Tables with rows that are written again as a whole.
    pub rewritten: Vec<String>,
    /// Whether all other writers wait until the last step is done, as on SQLite.
    pub locks_file: bool,
}

/// Statements of one step, and the locks that it takes on tables which exist already.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PlannedStep {
    pub name: String,
    pub statements: Vec<String>,
    pub locks: Vec<Lock>,
}

/// Statements that a connection ran.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

impl Recorder {
    fn record(&self, statement: &Statement) {
        let text = statement.to_string();
        if !text.starts_with("SELECT") {
            self.lock().push(text);
        }
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns what the pending steps would do. Changes nothing, and locks no table.
pub async fn plan(db: &Database) -> Result<Plan, MigrateError> {
    let mut pending = status(db).await?;
    let applied = pending.iter().filter(|step| step.applied).count();
    pending.retain(|step| !step.applied);
    if pending.is_empty() {
        return Ok(Plan::default());
    }
    let names: Vec<String> = pending.into_iter().map(|step| step.name).collect();
    let tables = existing_tables(db.direct().without_timeout()).await?;
    let recorder = Recorder::default();
    let tried = try_steps(db, applied, &recorder).await;
    let (statements, rewritten) = tried.map_err(|error| refused(error.into(), names.len()))?;
    let locks_file = dialect::writes_alone(db.direct().get_database_backend());
    let tables = if locks_file { Vec::new() } else { tables };
    Ok(Plan {
        steps: by_step(statements, names, &tables),
        rewritten,
        locks_file,
    })
}

/// Tries all steps on a connection of their own. Returns the statements of the pending ones, and
/// the tables that they rewrote.
async fn try_steps(
    db: &Database,
    applied: usize,
    recorder: &Recorder,
) -> Result<(Vec<String>, Vec<String>), DbErr> {
    let is_file = dialect::writes_alone(db.direct().get_database_backend());
    let mut options = if is_file {
        ConnectOptions::new("sqlite::memory:")
    } else {
        ConnectOptions::new(db.url.as_ref())
    };
    options.max_connections(1).sqlx_logging(false);
    let mut conn = sea_orm::Database::connect(options).await?;
    let seen = recorder.clone();
    conn.set_metric_callback(move |run| seen.record(run.statement));
    let tried = try_in_copy(&conn, applied, recorder).await;
    conn.close().await?;
    tried
}

#[allow(
    clippy::disallowed_methods,
    reason = "the transaction makes a copy without rows, and is rolled back"
)]
async fn try_in_copy(
    conn: &DatabaseConnection,
    applied: usize,
    recorder: &Recorder,
) -> Result<(Vec<String>, Vec<String>), DbErr> {
    let tx = conn
        .begin_with_options(dialect::write_transaction())
        .await?;
    let schema = make_copy(&tx).await?;
    if applied > 0 {
        let limit = u32::try_from(applied).unwrap_or(u32::MAX);
        Migrator::up(&tx, Some(limit)).await?;
    }
    let before = files(&tx).await?;
    recorder.take();
    Migrator::up(&tx, None).await?;
    let mut statements = recorder.take();
    // The migrator makes its table again and again, if it is not there.
    let makes = format!("CREATE TABLE IF NOT EXISTS \"{MIGRATION_TABLE}\"");
    let mut is_there = applied > 0;
    statements.retain(|sql| !sql.starts_with(&makes) || !std::mem::replace(&mut is_there, true));
    let statements = statements.iter().map(|sql| sql.replace(COPY, &schema));
    let statements = statements.collect();
    let after = files(&tx).await?;
    tx.rollback().await?;
    let moved = |(table, file): (String, i64)| (after.get(&table) != Some(&file)).then_some(table);
    Ok((statements, before.into_iter().filter_map(moved).collect()))
}

/// Makes the empty schema of the copy on PostgreSQL, and returns the quoted name of the one that it
/// stands for.
async fn make_copy(tx: &DatabaseTransaction) -> Result<String, DbErr> {
    if dialect::writes_alone(tx.get_database_backend()) {
        return Ok(COPY.to_owned());
    }
    let schema = migration::schema(&SchemaManager::new(tx)).await?;
    let make = format!("CREATE SCHEMA {COPY}; SET LOCAL search_path TO {COPY}");
    tx.execute_unprepared(&make).await?;
    Ok(schema)
}

/// Returns the storage of each table by its name; none on SQLite.
async fn files(tx: &DatabaseTransaction) -> Result<BTreeMap<String, i64>, DbErr> {
    let backend = tx.get_database_backend();
    if dialect::writes_alone(backend) {
        return Ok(BTreeMap::new());
    }
    let rows = tx
        .query_all_raw(Statement::from_string(backend, FILES))
        .await?;
    let pair = |row: &QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
    rows.iter().map(pair).collect()
}

/// Divides the statements among the steps: the last one of each notes the step as applied.
fn by_step(statements: Vec<String>, names: Vec<String>, tables: &[&str]) -> Vec<PlannedStep> {
    let noted = format!("INSERT INTO \"{MIGRATION_TABLE}\"");
    let mut names = names.into_iter();
    let (mut steps, mut step) = (Vec::new(), PlannedStep::default());
    for sql in statements {
        for lock in locks_of(&sql, tables) {
            if !step.locks.contains(&lock) {
                step.locks.push(lock);
            }
        }
        let is_last = sql.starts_with(&noted);
        step.statements.push(sql);
        if is_last {
            step.name = names.next().unwrap_or_default();
            steps.push(std::mem::take(&mut step));
        }
    }
    steps
}
