//! Checks of the settings and sessions of PostgreSQL.

use super::{
    Limits,
    finding::{Finding, listed},
};
use crate::db::PostgresFacts;

/// Oldest version of PostgreSQL that Callsheet is tested with.
const OLDEST_POSTGRES: i64 = 140_000;

/// Checks everything that PostgreSQL says of itself.
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
