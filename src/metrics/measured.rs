//! Values that are measured at a scrape.

/// State of a server and its database at the moment of a scrape.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    pub version: &'static str,
    pub database_name: &'static str,
    /// `None` if the database does not answer.
    pub database: Option<DatabaseNumbers>,
    pub uptime_seconds: f64,
    pub is_draining: bool,
    pub writes_waiting: u64,
    pub claims_waiting: u64,
    pub streams_open: u64,
    pub connections: Connections,
    pub cached_jobs: u64,
    pub cache_hits: u64,
    pub cache_misses: u64,
    pub cache_evictions: u64,
    /// Cache that the servers share; `None` if there is none.
    pub redis: Option<RedisReads>,
    pub dropped_log_lines: u64,
    pub loops: Vec<LoopNumbers>,
    /// Files of a SQLite database.
    pub files: Option<Files>,
}

/// Reads of the cache that the servers share, and whether it is up.
#[derive(Clone, Copy, Debug, Default)]
pub struct RedisReads {
    pub is_up: bool,
    pub hits: u64,
    pub misses: u64,
    /// Reads that failed or were late.
    pub failures: u64,
}

/// Numbers of the whole database, the same on all of its servers.
#[derive(Clone, Debug, Default)]
pub struct DatabaseNumbers {
    /// Jobs by type and status.
    pub jobs: Vec<(String, &'static str, u64)>,
    /// Seconds since the job at the head of each type's queue is due; only types with a due job.
    pub oldest_due: Vec<(String, f64)>,
    pub workers_live: u64,
    /// Seconds by which the server's clock is ahead of the database's; `None` where both are one.
    pub clock_ahead: Option<f64>,
    /// Pages of the SQLite file that hold nothing.
    pub free_pages: Option<u64>,
}

/// Open connections to the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    pub idle: u64,
    pub used: u64,
}

/// Sizes of the files of a SQLite database in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Files {
    pub database: u64,
    pub log: u64,
}

/// State of a background loop.
#[derive(Clone, Debug, Default)]
pub struct LoopNumbers {
    pub name: &'static str,
    /// Seconds since 1970; `None` if no run has succeeded yet.
    pub succeeded_at: Option<f64>,
    pub errors: u64,
}
