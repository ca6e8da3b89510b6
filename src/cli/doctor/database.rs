//! Checks of the database that need no job: engine, schema, files, settings, clock.

use super::{
    Limits,
    finding::Finding,
    postgres::check_postgres,
    schema::{check_drift, check_steps, newer_schema},
    sqlite::check_sqlite,
};
use crate::{
    clock::{Clock, SystemClock},
    db::{Inspector, other_engine},
    error::Error,
};
use chrono::TimeDelta;

/// Checks everything that needs no job to be read. `offset` is the difference of the time to check
/// for to this machine's clock.
pub async fn check(inspector: &Inspector, offset: TimeDelta, limits: &Limits) -> Vec<Finding> {
    match look(inspector, offset, limits).await {
        Ok(found) => found,
        Err(error) => vec![Finding::error(
            "database.unreadable",
            format!("The database cannot be read: {error}."),
            "See the log of the database.",
        )],
    }
}

async fn look(
    inspector: &Inspector,
    offset: TimeDelta,
    limits: &Limits,
) -> Result<Vec<Finding>, Error> {
    let mut found = Vec::new();
    found.extend(check_version(&inspector.version().await?));
    let steps = check_steps(inspector).await;
    let is_current = steps.is_empty();
    found.extend(steps);
    let newer = inspector.newer_step().await.ok().flatten();
    // What newer steps made of the schema, only their version knows.
    if is_current && newer.is_none() {
        found.extend(check_drift(&inspector.schema_drift().await?));
    }
    found.extend(newer.map(newer_schema));
    if let Some(sqlite) = inspector.sqlite().await? {
        let mut of_file = check_sqlite(&sqlite, limits);
        // The first migration sets the mode.
        of_file.retain(|one| is_current || one.id != "sqlite.journal_mode");
        found.extend(of_file);
    }
    if let Some(postgres) = inspector.postgres().await? {
        found.extend(check_postgres(&postgres, limits));
    }
    let asked = SystemClock.now();
    if let Some(there) = inspector.clock().await? {
        let here = asked + (SystemClock.now() - asked) / 2 + offset;
        found.extend(check_clock(here - there, limits));
    }
    Ok(found)
}

/// Checks whether the engine keeps what Callsheet relies on.
pub fn check_version(version: &str) -> Option<Finding> {
    let other = other_engine(version)?;
    Some(Finding::error(
        "database.engine",
        format!(
            "This is {other}, which lacks statement triggers with transition tables or positions \
            without gaps."
        ),
        "Use PostgreSQL 14 or later, or SQLite.",
    ))
}

fn check_clock(ahead: TimeDelta, limits: &Limits) -> Option<Finding> {
    (ahead.abs() >= limits.clock_skew).then(|| {
        Finding::warning(
            "clock.ahead",
            format!(
                "The clock of this machine is {:.1} s ahead of PostgreSQL's.",
                ahead.as_seconds_f64()
            ),
            "Synchronise both machines with NTP.",
        )
    })
}
