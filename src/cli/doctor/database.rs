//! Checks of the database: engine, schema, files, settings, clock.

use super::finding::{Finding, listed};
use crate::{
    clock::{Clock, SystemClock},
    db::{Inspector, MigrateError, PostgresFacts, SchemaDrift, SqliteFacts},
    error::Error,
};
use chrono::TimeDelta;
use std::{net::SocketAddr, time::Duration};

/// Values from which on something counts as wrong.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Size of a write-ahead log of SQLite that was not written back.
    pub log_bytes: u64,
    /// Empty pages of a SQLite file, in bytes.
    pub free_bytes: u64,
    /// Time that a session may be idle in a transaction.
    pub idle_transaction: Duration,
    /// Age of the oldest transaction id of PostgreSQL.
    pub transaction_age: i64,
    /// Difference to the clock of the database.
    pub clock_skew: TimeDelta,
    /// Connections that one server holds.
    pub connections: i64,
    /// Address at which other machines would reach a server that refuses to start without a key.
    pub needs_key: Option<SocketAddr>,
    /// Bytes that imports leave free; `None` for the default.
    pub min_free_disk: Option<u64>,
    /// Time after the end of a lease in which a server rescues its job.
    pub rescue: TimeDelta,
    /// Time that a due job may wait when no worker asks for its type.
    pub unclaimed: TimeDelta,
    /// Time that an event may wait to be counted.
    pub statistics: TimeDelta,
    /// Time after which a silent run or job counts as dead.
    pub silence: TimeDelta,
    /// Time that a worker may take to cancel.
    pub cancel: TimeDelta,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            log_bytes: 512 << 20,
            free_bytes: 256 << 20,
            idle_transaction: Duration::from_secs(60),
            transaction_age: 1_000_000_000,
            clock_skew: TimeDelta::seconds(1),
            connections: 8,
            needs_key: None,
            min_free_disk: None,
            rescue: TimeDelta::seconds(60),
            unclaimed: TimeDelta::minutes(15),
            statistics: TimeDelta::minutes(5),
            silence: TimeDelta::minutes(15),
            cancel: TimeDelta::hours(1),
        }
    }
}

/// Free bytes on a disk below which a warning is due, unless the configuration says more.
const MIN_FREE_DISK: u64 = 512 << 20;

/// Permission bits of others than the owner and the group.
const OF_OTHERS: u32 = 0o007;

/// Oldest version of PostgreSQL that Callsheet is tested with.
const OLDEST_POSTGRES: i64 = 140_000;

/// Systems that speak PostgreSQL's protocol and break a promise that Callsheet relies on:
/// statement triggers with transition tables, or positions without gaps.
const OTHER_ENGINES: [&str; 4] = ["CockroachDB", "YugabyteDB", "-YB-", "DSQL"];

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
    if is_current {
        found.extend(check_drift(&inspector.schema_drift().await?));
    }
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
    let other = OTHER_ENGINES.iter().find(|name| version.contains(**name))?;
    Some(Finding::error(
        "database.engine",
        format!(
            "This is {}, which lacks statement triggers with transition tables or positions \
            without gaps.",
            other.trim_matches('-')
        ),
        "Use PostgreSQL 14 or later, or SQLite.",
    ))
}

async fn check_steps(inspector: &Inspector) -> Vec<Finding> {
    let steps = match inspector.check_steps().await {
        Ok(steps) => steps,
        Err(MigrateError::Database(error)) => {
            let what = format!("The database cannot be read: {error}.");
            let fix = "See the log of the database, or restore a backup of the file.";
            return vec![Finding::error("database.unreadable", what, fix)];
        }
        Err(error) => {
            let fix = match &error {
                MigrateError::Newer(_) => "Run `callsheet doctor` of the newer version.",
                MigrateError::NotReadable => "Then run `callsheet doctor` again.",
                _ => "Name the right database with --database-url.",
            };
            return vec![Finding::error("schema.refused", format!("{error}."), fix)];
        }
    };
    let missing: Vec<_> = steps.iter().filter(|step| !step.applied).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    vec![Finding::error(
        "schema.pending",
        format!(
            "The schema lacks {} of {} steps.",
            missing.len(),
            steps.len()
        ),
        "Run `callsheet migrate up`, or start `callsheet serve`.",
    )]
}

fn check_drift(drift: &SchemaDrift) -> Vec<Finding> {
    let mut found = Vec::new();
    if !drift.missing.is_empty() {
        found.push(Finding::error(
            "schema.missing",
            format!("The schema lacks {}.", listed(&drift.missing)),
            "Make it as a new database has it, or export the jobs and import them into a new \
            database.",
        ));
    }
    if !drift.changed.is_empty() {
        found.push(Finding::warning(
            "schema.changed",
            format!("Someone changed {}.", listed(&drift.changed)),
            "Compare it with a new database, and change it back.",
        ));
    }
    if !drift.foreign_triggers.is_empty() {
        found.push(Finding::warning(
            "schema.foreign_trigger",
            format!(
                "Callsheet did not make {}, which runs with its writes.",
                listed(&drift.foreign_triggers)
            ),
            "Drop it, or make sure that it neither fails nor takes long.",
        ));
    }
    found
}

/// Checks the state of a SQLite file.
pub fn check_sqlite(sqlite: &SqliteFacts, limits: &Limits) -> Vec<Finding> {
    let path = sqlite.path.display();
    let mut found = Vec::new();
    if sqlite.journal_mode != "wal" {
        found.push(Finding::warning(
            "sqlite.journal_mode",
            format!(
                "The journal mode is {}, in which readers and the writer wait for each other.",
                sqlite.journal_mode
            ),
            "Restart `callsheet serve`, which sets the mode wal.",
        ));
    }
    if sqlite.log_bytes >= limits.log_bytes {
        found.push(Finding::warning(
            "sqlite.log_large",
            format!("The write-ahead log has {} MB.", sqlite.log_bytes >> 20),
            "Find the program that keeps a read transaction open, and end it; or restart the \
            server.",
        ));
    }
    let free = sqlite.free_pages.saturating_mul(sqlite.page_bytes);
    if free >= limits.free_bytes && sqlite.free_pages * 2 > sqlite.pages {
        found.push(Finding::warning(
            "sqlite.free_pages",
            format!("More than half of the file is empty: {} MB.", free >> 20),
            format!("Stop the server and run `sqlite3 {path} VACUUM` to give it back."),
        ));
    }
    if sqlite.is_on_network {
        found.push(Finding::error(
            "sqlite.network_disk",
            format!("{path} lies on a network file system, whose locks SQLite cannot trust."),
            "Move the file to a local disk, or use PostgreSQL.",
        ));
    }
    if sqlite.mode & OF_OTHERS != 0 {
        found.push(Finding::warning(
            "sqlite.readable",
            format!("Every user of this machine may open {path}."),
            format!("Run `chmod o-rwx {path}*`."),
        ));
    }
    if sqlite.free_disk < limits.min_free_disk.unwrap_or(MIN_FREE_DISK) {
        found.push(Finding::warning(
            "sqlite.disk_low",
            format!(
                "The disk of {path} has only {} MB left.",
                sqlite.free_disk >> 20
            ),
            "Make room: while the disk is full, all changes are refused.",
        ));
    }
    found
}

/// Checks the settings and sessions of PostgreSQL.
pub fn check_postgres(postgres: &PostgresFacts, limits: &Limits) -> Vec<Finding> {
    let mut found = check_durability(postgres);
    if postgres.version_number < OLDEST_POSTGRES {
        found.push(Finding::error(
            "postgres.version",
            format!(
                "PostgreSQL {} is too old.",
                postgres.version_number / 10_000
            ),
            "Use PostgreSQL 14 or later.",
        ));
    }
    if postgres.is_read_only {
        found.push(Finding::error(
            "postgres.read_only",
            "This PostgreSQL accepts no changes: it is a standby, or the setting \
            default_transaction_read_only is on.",
            "Name the primary with --database-url, or turn the setting off.",
        ));
    }
    found.extend(check_vacuum(postgres, limits));
    let most = limits.idle_transaction.as_secs_f64();
    let idle = postgres.idle_transactions.iter();
    let idle: Vec<_> = idle.filter(|(_, seconds)| *seconds >= most).collect();
    if let Some((pid, seconds)) = idle.first() {
        found.push(Finding::warning(
            "postgres.idle_transaction",
            format!(
                "{} sessions are idle in a transaction, that of process {pid} for {seconds:.0} s: \
                they hold locks, and keep dead rows.",
                idle.len()
            ),
            format!("End it with SELECT pg_terminate_backend({pid})."),
        ));
    }
    if postgres.max_connections < limits.connections + 1 {
        found.push(Finding::error(
            "postgres.connections",
            format!(
                "PostgreSQL gives {} connections, and one server holds {}.",
                postgres.max_connections, limits.connections
            ),
            "Raise max_connections of PostgreSQL, or lower --database-connections.",
        ));
    } else if postgres.open_connections * 10 > postgres.max_connections * 9 {
        found.push(Finding::warning(
            "postgres.connections_used",
            format!(
                "{} of {} connections are open.",
                postgres.open_connections, postgres.max_connections
            ),
            "Raise max_connections of PostgreSQL, or lower --database-connections.",
        ));
    }
    if !postgres.invalid_indexes.is_empty() {
        let first = &postgres.invalid_indexes[0];
        found.push(Finding::error(
            "schema.invalid_index",
            format!(
                "{} is invalid: no query uses it.",
                listed(&postgres.invalid_indexes)
            ),
            format!("Run REINDEX INDEX CONCURRENTLY {first}."),
        ));
    }
    if !postgres.disabled_triggers.is_empty() {
        found.push(Finding::error(
            "schema.disabled_trigger",
            format!(
                "{} is disabled: stored counts or labels become wrong.",
                listed(&postgres.disabled_triggers)
            ),
            "Run ALTER TABLE video_generation_jobs ENABLE TRIGGER ALL, then `callsheet doctor \
            --deep`.",
        ));
    }
    found
}

fn check_durability(postgres: &PostgresFacts) -> Vec<Finding> {
    let settings = [
        ("postgres.fsync", "fsync", postgres.fsync),
        (
            "postgres.full_page_writes",
            "full_page_writes",
            postgres.full_page_writes,
        ),
    ];
    let off = settings.into_iter().filter(|(_, _, is_on)| !is_on);
    off.map(|(id, name, _)| {
        Finding::error(
            id,
            format!("{name} is off: a power cut may destroy the database."),
            format!("Set {name} = on in postgresql.conf."),
        )
    })
    .collect()
}

fn check_vacuum(postgres: &PostgresFacts, limits: &Limits) -> Vec<Finding> {
    let mut found = Vec::new();
    if !postgres.autovacuum {
        found.push(Finding::warning(
            "postgres.autovacuum",
            "autovacuum is off: tables grow, and queries slow down.",
            "Set autovacuum = on in postgresql.conf.",
        ));
    }
    if !postgres.tables_without_autovacuum.is_empty() {
        let tables = &postgres.tables_without_autovacuum;
        found.push(Finding::warning(
            "postgres.table_autovacuum",
            format!("autovacuum is off for {}.", listed(tables)),
            format!("Run ALTER TABLE {} RESET (autovacuum_enabled).", tables[0]),
        ));
    }
    if postgres.transaction_age >= limits.transaction_age {
        found.push(Finding::error(
            "postgres.transaction_age",
            format!(
                "The oldest transaction id is {} transactions old; PostgreSQL stops at two \
                billion.",
                postgres.transaction_age
            ),
            "Run VACUUM (FREEZE), and find what holds the oldest transaction.",
        ));
    }
    found
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

/// Compares stored counts and labels with the jobs, and checks a SQLite file.
pub async fn check_deep(inspector: &Inspector) -> Vec<Finding> {
    match look_deep(inspector).await {
        Ok(found) => found,
        Err(error) => vec![Finding::error(
            "database.damaged",
            format!("The jobs cannot all be read: {error}."),
            "Restore a backup, or export what can be read.",
        )],
    }
}

async fn look_deep(inspector: &Inspector) -> Result<Vec<Finding>, Error> {
    let mut found = Vec::new();
    let damage = inspector.integrity().await?;
    if !damage.is_empty() {
        found.push(Finding::error(
            "database.damaged",
            format!("SQLite finds damage in the file: {}.", listed(&damage)),
            "Stop the server and restore a backup; `callsheet export` brings along what can be \
            read.",
        ));
    }
    let drift = inspector.drift().await?;
    if let Some((job_type, status, stored, jobs)) = drift.counts.first() {
        found.push(Finding::error(
            "counts.wrong",
            format!(
                "{} stored counts are wrong: {stored} instead of {jobs} jobs of {job_type} that \
                are {status}.",
                drift.counts.len()
            ),
            "Run `callsheet migrate down` and `up` on a copy, or export the jobs and import them \
            into a new database.",
        ));
    }
    if drift.missing_labels > 0 || drift.extra_labels > 0 {
        found.push(Finding::error(
            "labels.wrong",
            format!(
                "{} labels of jobs are not found by a filter, and {} stored labels belong to no \
                job.",
                drift.missing_labels, drift.extra_labels
            ),
            "Export the jobs and import them into a new database.",
        ));
    }
    Ok(found)
}
