//! Applies and undoes migrations. All steps of a call run in one transaction under one lock, so
//! that any number of processes may start at once and a failure leaves the schema unchanged.

use crate::db::{Database, connection::errors, dialect};
use migration::{
    IntoSchemaManagerConnection, Migration, MigrationStatus, Migrator, MigratorTrait, SchemaManager,
};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbErr, TransactionTrait,
    sea_query::{Asterisk, Expr, ExprTrait, Query, Table},
};
use std::time::Duration;
use tokio::time::Instant;

#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error(
        "this database holds a table `{0}` that Callsheet did not make; it is left untouched. Give Callsheet a database \
         of its own with --database-url, and bring the old jobs along with `callsheet import`"
    )]
    Foreign(&'static str),
    #[error(
        "a newer version of Callsheet has migrated this database (step {0}): run that version, or \
        name another database with --database-url"
    )]
    Newer(String),
    #[error(
        "this database was made by an earlier build of Callsheet (step {0}), and is left untouched: \
         export its jobs with `callsheet export` of that build, then bring them into a new database \
         with `callsheet import`"
    )]
    Earlier(String),
    #[error(
        "the role of --database-url may not read the tables of Callsheet: let their owner run GRANT \
        SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO it"
    )]
    NotReadable,
    #[error(
        "the role of --database-url may not change the schema, and {0} steps are pending: let a role \
        that owns the tables run `callsheet migrate up`, or GRANT CREATE ON SCHEMA public to this \
        one; with --no-migrate the server starts on the tables that are there"
    )]
    NotAllowed(usize),
    #[error(
        "this server of PostgreSQL accepts no changes, and {0} steps are pending: it is a standby or \
        read-only; name the primary with --database-url"
    )]
    ReadOnly(usize),
    #[error("the migration failed and the schema is unchanged: {0}")]
    Database(#[from] DbErr),
}

/// Change of the schema.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// Applies pending steps, at most `limit`.
    Up { limit: Option<u32> },
    /// Undoes applied steps, the newest first, at most `limit`.
    Down { limit: u32 },
    /// Undoes every step.
    Reset,
    /// Undoes every step, then applies all.
    Refresh,
    /// Drops Callsheet's tables, even if some are missing or damaged, then applies all steps.
    /// Foreign tables stay; if no step was ever applied, every table is foreign.
    Fresh,
}

/// Migration step and whether it has been applied.
pub struct Step {
    pub name: String,
    pub applied: bool,
}

/// Table that a change would drop.
pub struct Doomed {
    pub table: String,
    pub rows: i64,
}

/// Changes the schema. Returns the names of the steps taken, in order.
#[allow(
    clippy::disallowed_methods,
    reason = "the schema is changed outside the verbs' writes, under its own lock"
)]
pub async fn migrate(db: &Database, change: Change) -> Result<Vec<String>, MigrateError> {
    // A snapshot, because another process may be about to migrate.
    let moment = db.snapshot().await?;
    guard(moment.without_timeout()).await?;
    let pending = names(moment.without_timeout(), MigrationStatus::Pending).await?;
    moment.rollback().await?;
    if pending.is_empty() && matches!(change, Change::Up { .. }) {
        // A role that may only change rows, and a standby, have nothing to do here. A copy of a
        // SQLite file may lack the setting, which changes nothing where it is set.
        let _ = dialect::prepare(db.read().without_timeout()).await;
        return Ok(Vec::new());
    }
    let refused = |error| refused(error, pending.len());
    take_steps(db, change).await.map_err(refused)
}

/// Time for which a file is prepared again that other processes prepare at the same time, and the
/// time between two tries. SQLite does not wait for them by itself.
const PREPARE_FOR: Duration = Duration::from_secs(1);
const PREPARE_AGAIN: Duration = Duration::from_millis(20);

async fn prepare(db: &Database) -> Result<(), DbErr> {
    let until = Instant::now() + PREPARE_FOR;
    loop {
        match dialect::prepare(db.read().without_timeout()).await {
            Err(error) if errors::is_transient(&error) && Instant::now() < until => {
                tokio::time::sleep(PREPARE_AGAIN).await;
            }
            done => return done,
        }
    }
}

/// Explains why the schema cannot be changed, if the database says so.
fn refused(error: MigrateError, pending: usize) -> MigrateError {
    match error {
        MigrateError::Database(error) if errors::is_read_only(&error) => {
            MigrateError::ReadOnly(pending)
        }
        MigrateError::Database(error) if errors::is_not_allowed(&error) => {
            MigrateError::NotAllowed(pending)
        }
        error => error,
    }
}

#[allow(clippy::disallowed_methods, reason = "as in `migrate`")]
async fn take_steps(db: &Database, change: Change) -> Result<Vec<String>, MigrateError> {
    prepare(db).await?;
    let tx = db
        .read()
        .without_timeout()
        .begin_with_options(dialect::write_transaction())
        .await?;
    dialect::lock_schema(&tx).await?;
    guard(&tx).await?;
    let mut steps = back(&tx, change).await?;
    let limit = match change {
        Change::Up { limit } => limit,
        Change::Refresh | Change::Fresh => None,
        Change::Down { .. } | Change::Reset => Some(0),
    };
    let pending = names(&tx, MigrationStatus::Pending).await?;
    steps.extend(
        pending
            .into_iter()
            .take(limit.map_or(usize::MAX, |n| n as usize)),
    );
    Migrator::up(&tx, limit).await?;
    tx.commit().await?;
    Ok(steps)
}

/// Returns the tables that the change would drop, found by making the change and rolling it back.
#[allow(clippy::disallowed_methods, reason = "as in `migrate`")]
pub async fn preview(db: &Database, change: Change) -> Result<Vec<Doomed>, MigrateError> {
    let tx = db
        .read()
        .without_timeout()
        .begin_with_options(dialect::write_transaction())
        .await?;
    dialect::lock_schema(&tx).await?;
    guard(&tx).await?;
    let mut doomed = Vec::new();
    for table in existing_tables(&tx).await? {
        let rows = Query::select()
            .expr(Expr::col(Asterisk).count())
            .from(table)
            .to_owned();
        let row = tx.query_one(&rows).await?;
        let rows = row
            .map(|r| r.try_get_by_index::<i64>(0))
            .transpose()?
            .unwrap_or(0);
        doomed.push(Doomed {
            table: table.to_owned(),
            rows,
        });
    }
    back(&tx, change).await?;
    let kept = existing_tables(&tx).await?;
    tx.rollback().await?;
    doomed.retain(|d| !kept.contains(&d.table.as_str()));
    Ok(doomed)
}

/// Returns every step and whether it has been applied. Writes nothing.
pub async fn status(db: &Database) -> Result<Vec<Step>, MigrateError> {
    let moment = db.snapshot().await?;
    status_of(moment.without_timeout()).await
}

/// Returns every step and whether it has been applied, by any connection.
pub(in crate::db) async fn status_of<'c, C>(db: &'c C) -> Result<Vec<Step>, MigrateError>
where
    C: ConnectionTrait,
    &'c C: IntoSchemaManagerConnection<'c>,
{
    guard(db).await?;
    let steps = Migrator::get_migration_with_status_read_only(db)
        .await
        .map_err(of_another_build)?;
    let step = |s: &Migration| Step {
        name: s.name().to_owned(),
        applied: s.status() == MigrationStatus::Applied,
    };
    Ok(steps.iter().map(step).collect())
}

/// Runs the part of a change that removes tables or columns. Returns the names of the undone steps.
async fn back(tx: &DatabaseTransaction, change: Change) -> Result<Vec<String>, MigrateError> {
    let limit = match change {
        Change::Up { .. } => return Ok(Vec::new()),
        Change::Down { limit } => Some(limit),
        Change::Reset | Change::Refresh => None,
        Change::Fresh => {
            if names(tx, MigrationStatus::Applied).await?.is_empty() {
                return Ok(Vec::new());
            }
            for table in migration::TABLES
                .iter()
                .rev()
                .chain([&migration::MIGRATION_TABLE])
            {
                tx.execute(Table::drop().table(*table).if_exists()).await?;
            }
            return Ok(Vec::new());
        }
    };
    let mut undone = names(tx, MigrationStatus::Applied).await?;
    undone.reverse();
    undone.truncate(limit.map_or(usize::MAX, |n| n as usize));
    Migrator::down(tx, limit).await?;
    Ok(undone)
}

/// Refuses a table of Callsheet's names that no applied step has created.
async fn guard<'c, C>(db: &'c C) -> Result<(), MigrateError>
where
    C: ConnectionTrait,
    &'c C: IntoSchemaManagerConnection<'c>,
{
    let applied = names(db, MigrationStatus::Applied).await?;
    if applied.is_empty() && dialect::hides(db, migration::MIGRATION_TABLE).await? {
        return Err(MigrateError::NotReadable);
    }
    // The name of a step that creates a table ends with the name of the table.
    let made = |table: &str| {
        applied
            .iter()
            .any(|step| step.strip_suffix(table).is_some_and(|s| s.ends_with('_')))
    };
    match existing_tables(db)
        .await?
        .into_iter()
        .find(|table| !made(table))
    {
        Some(table) => Err(MigrateError::Foreign(table)),
        None => Ok(()),
    }
}

async fn existing_tables<'c>(
    db: impl IntoSchemaManagerConnection<'c>,
) -> Result<Vec<&'static str>, DbErr> {
    let manager = SchemaManager::new(db);
    let mut tables = Vec::new();
    for table in migration::TABLES {
        if manager.has_table(table).await? {
            tables.push(table);
        }
    }
    Ok(tables)
}

async fn names<C: ConnectionTrait>(
    db: &C,
    wanted: MigrationStatus,
) -> Result<Vec<String>, MigrateError> {
    let steps = Migrator::get_migration_with_status_read_only(db)
        .await
        .map_err(of_another_build)?;
    Ok(steps
        .iter()
        .filter(|s| s.status() == wanted)
        .map(|s| s.name().to_owned())
        .collect())
}

/// Error for a database with steps that this build does not have. The migrator answers with a
/// custom error, in which their names stand in quotes. Names of steps sort by age: if the newest
/// unknown one sorts behind all steps of this build, a newer Callsheet has applied it. Otherwise an
/// earlier build did, whose steps have been replaced since.
fn of_another_build(error: DbErr) -> MigrateError {
    let DbErr::Custom(text) = error else {
        return error.into();
    };
    let Some(newest) = text.split('\'').skip(1).step_by(2).max() else {
        return DbErr::Custom(text).into();
    };
    let steps = Migrator::get_migration_files();
    if steps.iter().all(|step| step.name() < newest) {
        MigrateError::Newer(newest.to_owned())
    } else {
        MigrateError::Earlier(newest.to_owned())
    }
}
