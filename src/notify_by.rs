//! Carriers of commit notices between the servers of one database.

use clap::ValueEnum;
use serde::Deserialize;

/// Carrier of the commit notices between the servers of one database.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum NotifyBy {
    /// PostgreSQL, if the database is one.
    #[default]
    Auto,
    /// NOTIFY and LISTEN of PostgreSQL.
    Postgres,
    /// Publish and subscribe of Redis.
    Redis,
    /// No carrier: servers find the changes of others by looking again.
    None,
}
