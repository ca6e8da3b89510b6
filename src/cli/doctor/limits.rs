//! Values from which on something counts as wrong.

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
    /// Time since the last sign of life of a server that counts as live.
    pub server: TimeDelta,
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
            server: TimeDelta::seconds(60),
            unclaimed: TimeDelta::minutes(15),
            statistics: TimeDelta::minutes(5),
            silence: TimeDelta::minutes(15),
            cancel: TimeDelta::hours(1),
        }
    }
}
