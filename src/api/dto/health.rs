//! Health of the server as the API returns it.

use super::{JobCounts, Time};
use crate::{
    db::CacheNumbers,
    jobs::{self, LoopStatus},
};
use poem_openapi::Object;

/// Readiness of the service.
#[derive(Debug, Object)]
pub struct HealthReport {
    /// Always `ok`: if the server is not ready, the response is a problem instead.
    pub status: String,
    /// Version of the service.
    pub version: String,
    /// Kind of database, `SQLite` or `PostgreSQL`.
    pub database: String,
    /// Maximum number of connections to the database: fewer than configured if PostgreSQL does not
    /// give as many.
    pub database_connections: u32,
    /// Background loops of this server that have run at least once.
    pub loops: Vec<LoopReport>,
    /// Log lines that the server could not write since it started.
    pub dropped_log_lines: u64,
}

/// Health of the server and its database.
#[derive(Debug, Object)]
pub struct Health {
    /// `ok`; `degraded` if the server answers but something needs a person; `failing`, in the
    /// member `health` of a problem, if it cannot do its work.
    pub status: String,
    /// Sentences that say why the status is not `ok`.
    pub reasons: Vec<String>,
    /// Version of the service.
    pub version: String,
    /// Newest step of the database's schema; null if it cannot be read.
    pub schema: Option<String>,
    /// Seconds since the server started.
    pub uptime_seconds: f64,
    /// State of the database.
    pub database: DatabaseHealth,
    /// Maximum number of connections to the database: fewer than configured if PostgreSQL does not
    /// give as many.
    pub database_connections: u32,
    /// Caches of this server.
    pub cache: Caches,
    /// Number of jobs by status; null if the database does not answer.
    pub counts: Option<JobCounts>,
    /// Workers; null if the database does not answer.
    pub workers: Option<LiveWorkers>,
    /// Servers of this database; null if the database does not answer.
    pub servers: Option<LiveServers>,
    /// Milliseconds by which the server's clock is ahead of the database's; null on SQLite, which
    /// uses the same clock.
    pub clock_ahead_ms: Option<i64>,
    /// Background loops of this server that have run at least once.
    pub loops: Vec<LoopReport>,
    /// Log lines that the server could not write since it started.
    pub dropped_log_lines: u64,
}

/// State of the database.
#[derive(Debug, Object)]
pub struct DatabaseHealth {
    /// Kind of database, `SQLite` or `PostgreSQL`.
    pub name: String,
    /// `ok`, or `failing` if it cannot be read or refuses a write.
    pub status: String,
    /// Milliseconds that a read took.
    pub latency_ms: f64,
    /// Version of the database system; null if it did not say.
    pub version: Option<String>,
}

/// Caches of the server.
#[derive(Debug, Object)]
pub struct Caches {
    /// Jobs in the memory of the server.
    pub memory: MemoryCache,
    /// Redis, which the servers share; absent if none is configured.
    #[oai(skip_serializing_if_is_none)]
    pub redis: Option<RedisHealth>,
}

/// Redis as the server sees it.
#[derive(Debug, Object)]
pub struct RedisHealth {
    /// `ok`, or `away` while jobs are read from the database instead.
    pub status: String,
    /// Time since which it has this status.
    pub since: Time,
    /// Last error; null while the status is `ok`.
    pub error: Option<String>,
}

/// Jobs in the memory of the server.
#[derive(Debug, Object)]
pub struct MemoryCache {
    /// Approximate number of cached jobs.
    pub jobs: u64,
    /// Share of reads that the cache answered, from 0 to 1; null before the first read.
    pub hit_ratio: Option<f64>,
}

/// Workers that hold a job or called recently.
#[derive(Debug, Object)]
pub struct LiveWorkers {
    /// Number of these workers.
    pub live: u64,
}

/// Servers of the database that gave a sign of life in the last 60 seconds.
#[derive(Debug, Object)]
pub struct LiveServers {
    /// Number of these servers.
    pub live: u64,
}

/// State of a background loop of the server.
#[derive(Debug, Object)]
pub struct LoopReport {
    /// Name of the loop.
    pub name: String,
    /// Time of the last run.
    pub ran_at: Time,
    /// Number of runs.
    pub runs: u64,
    /// Amount of work done in all runs, e.g. rescued jobs.
    pub done: u64,
    /// Error of the last run; null if it succeeded.
    pub error: Option<String>,
    /// Number of runs that panicked.
    pub panics: u64,
    /// Time of the last run that succeeded; null if none has.
    pub last_success: Option<Time>,
    /// Number of runs that failed or panicked.
    pub errors: u64,
    /// Number of events in the history that the loop passed because it failed at them in five runs.
    pub skipped: u64,
}

impl From<(&'static str, LoopStatus)> for LoopReport {
    fn from((name, status): (&'static str, LoopStatus)) -> Self {
        let LoopStatus {
            ran_at,
            runs,
            done,
            error,
            panics,
            succeeded_at,
            errors,
            skipped,
        } = status;
        Self {
            name: name.to_owned(),
            ran_at: ran_at.into(),
            runs,
            done,
            error,
            panics,
            last_success: succeeded_at.map(Into::into),
            errors,
            skipped,
        }
    }
}

impl Caches {
    pub fn new(numbers: CacheNumbers, redis: Option<jobs::RedisHealth>) -> Self {
        Self {
            memory: MemoryCache {
                jobs: numbers.jobs,
                hit_ratio: numbers.hit_ratio(),
            },
            redis: redis.map(|redis| RedisHealth {
                status: if redis.is_up { "ok" } else { "away" }.to_owned(),
                since: redis.since.into(),
                error: redis.error,
            }),
        }
    }
}

impl DatabaseHealth {
    pub fn new(name: &str, health: &jobs::Health) -> Self {
        let check = &health.database;
        let status = if check.outcome.is_ok() {
            "ok"
        } else {
            "failing"
        };
        Self {
            name: name.to_owned(),
            status: status.to_owned(),
            latency_ms: check.latency.as_secs_f64() * 1000.0,
            version: check.version.clone(),
        }
    }
}
