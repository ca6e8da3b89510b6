//! Applies and undoes migrations. All steps of a call run in one transaction under one lock, so
//! that any number of processes may start at once and a failure leaves the schema unchanged.

mod locks;
mod migrate_error;
mod newer;
mod plan;
mod preview;
mod status;

pub use locks::Lock;
pub use migrate_error::MigrateError;
pub use newer::is_at_least;
pub(in crate::db) use newer::oldest_binary;
pub use plan::{Plan, PlannedStep, plan};
pub use preview::{Doomed, preview};
pub use status::{Step, newer_step, status};
pub(in crate::db) use status::{newer_step_of, status_of};

use crate::db::{Database, connection::errors, dialect};
use migrate_error::refused;
use migration::{MigrationStatus, Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, TransactionTrait, sea_query::Table};
use status::{guard, names};
use std::time::Duration;
use tokio::time::Instant;

/// Returns a name of the form that this build gives to rows: builds that differ in it do not share
/// cached rows.
pub(in crate::db) fn format() -> String {
    let newest = Migrator::migrations()
        .last()
        .map(|step| step.name().to_owned());
    format!(
        "{}-{}",
        env!("CARGO_PKG_VERSION"),
        newest.unwrap_or_default()
    )
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

/// Changes the schema. Returns the names of the steps taken, in order.
#[allow(
    clippy::disallowed_methods,
    reason = "the schema is changed outside the verbs' writes, under its own lock"
)]
pub async fn migrate(db: &Database, change: Change) -> Result<Vec<String>, MigrateError> {
    // A snapshot, because another process may be about to migrate.
    let moment = db.direct_snapshot().await?;
    guard(moment.without_timeout()).await?;
    let pending = names(moment.without_timeout(), MigrationStatus::Pending).await?;
    let newer = newer_step_of(moment.without_timeout()).await?;
    moment.rollback().await?;
    refuse_newer(newer, change)?;
    if pending.is_empty() && matches!(change, Change::Up { .. }) {
        // A role that may only change rows, and a standby, have nothing to do here. A copy of a
        // SQLite file may lack the setting, which changes nothing where it is set.
        let _ = dialect::prepare(db.direct().without_timeout()).await;
        return Ok(Vec::new());
    }
    let refused = |error| refused(error, pending.len());
    take_steps(db, change).await.map_err(refused)
}

/// Refuses to take back steps of a schema that has newer ones than this version knows.
fn refuse_newer(newer: Option<String>, change: Change) -> Result<(), MigrateError> {
    match newer {
        Some(step) if !matches!(change, Change::Up { .. }) => Err(MigrateError::Newer(step)),
        _ => Ok(()),
    }
}

/// Time for which a file is prepared again that other processes prepare at the same time, and the
/// time between two tries. SQLite does not wait for them by itself.
const PREPARE_FOR: Duration = Duration::from_secs(1);
const PREPARE_AGAIN: Duration = Duration::from_millis(20);

async fn prepare(db: &Database) -> Result<(), DbErr> {
    let until = Instant::now() + PREPARE_FOR;
    loop {
        match dialect::prepare(db.direct().without_timeout()).await {
            Err(error) if errors::is_transient(&error) && Instant::now() < until => {
                tokio::time::sleep(PREPARE_AGAIN).await;
            }
            done => return done,
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "as in `migrate`")]
async fn take_steps(db: &Database, change: Change) -> Result<Vec<String>, MigrateError> {
    prepare(db).await?;
    let tx = db
        .direct()
        .without_timeout()
        .begin_with_options(dialect::write_transaction())
        .await?;
    dialect::lock_schema(&tx).await?;
    guard(&tx).await?;
    if let Some(newer) = newer_step_of(&tx).await? {
        // Another process with a newer version was faster.
        return refuse_newer(Some(newer), change).map(|()| Vec::new());
    }
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
