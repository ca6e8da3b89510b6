//! Checks of the servers that share the database: their versions, and their connections.

use super::{
    Limits,
    finding::{Finding, listed},
};
use crate::db::{PostgresFacts, ServerFacts, is_at_least};

/// Checks the versions of the live servers against the oldest one that the schema allows.
pub fn check_versions(servers: &ServerFacts) -> Option<Finding> {
    let oldest = servers.oldest.as_deref()?;
    let too_old = servers
        .live
        .iter()
        .filter(|(_, version)| !is_at_least(version, oldest));
    let too_old: Vec<String> = too_old
        .map(|(listen, version)| format!("{listen} ({version})"))
        .collect();
    (!too_old.is_empty()).then(|| {
        Finding::error(
            "servers.version",
            format!(
                "The schema is for versions from {oldest} on, and older servers run on it: {}.",
                listed(&too_old)
            ),
            format!("Stop them, and start version {oldest} or later."),
        )
    })
}

/// Checks whether PostgreSQL gives the connections of all live servers, each of which also holds
/// one for notices.
pub fn check_connections(
    servers: &ServerFacts,
    postgres: &PostgresFacts,
    limits: &Limits,
) -> Option<Finding> {
    let live = i64::try_from(servers.live.len()).unwrap_or(i64::MAX);
    let held = live.saturating_mul(limits.connections + 1);
    (live > 1 && held > postgres.max_connections).then(|| {
        Finding::error(
            "servers.connections",
            format!(
                "PostgreSQL gives {} connections, and {live} servers may hold {held}.",
                postgres.max_connections
            ),
            "Raise max_connections of PostgreSQL, or lower --database-connections.",
        )
    })
}
