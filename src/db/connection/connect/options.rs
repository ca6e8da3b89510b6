//! Options of a connection, and reasons why there is none.

use crate::{
    db::{changes::redis_tier::RedisOptions, connection::faults::Faults},
    notify_by::NotifyBy,
    shown_url::shown_url,
};
use sea_orm::Statement;
use std::{sync::Arc, time::Duration};

/// Options of a connection pool.
#[derive(Clone)]
pub struct Options {
    /// Database URL: `sqlite://PATH`, `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// URL of a direct connection to the same database, for notices and migrations; `None` if `url`
    /// is one.
    pub listen_url: Option<String>,
    /// Prepared statements that each connection keeps; `None` for the default of the driver, 0 for
    /// a pooler in transaction mode.
    pub statement_cache: Option<usize>,
    /// Maximum connections in the pool.
    pub max_connections: u32,
    /// Whether to create a SQLite file that does not exist.
    pub create: bool,
    /// Time that a call waits for a free connection before it fails.
    pub acquire_timeout: Duration,
    /// Time limit for a statement on PostgreSQL.
    pub answer_timeout: Duration,
    /// Whether to hold all connections open, as a server does: fewer than `max_connections` if
    /// PostgreSQL does not give as many. Also checks that no pooler switches them.
    pub hold: bool,
    /// Maximum jobs in the read cache; 0 turns it off.
    pub cache_jobs: u64,
    /// Redis server with the cache that the servers share; `None` for no such cache.
    pub redis: Option<RedisOptions>,
    /// Carrier of commit notices to and from other processes.
    pub notify_by: NotifyBy,
    /// Callback that receives every statement.
    pub observer: Option<Observer>,
    /// Source of injected faults in write transactions, for tests.
    pub faults: Option<Faults>,
}

/// Callback that receives every statement sent to the database; for measurements.
#[derive(Clone)]
pub struct Observer(pub Arc<dyn Fn(&Statement) + Send + Sync>);

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Observer")
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("url", &shown_url(&self.url))
            .finish_non_exhaustive()
    }
}

impl Options {
    /// Returns whether the connections lead through a pooler in transaction mode.
    pub fn is_pooled(&self) -> bool {
        self.statement_cache == Some(0) && self.url.starts_with("postgres")
    }

    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            listen_url: None,
            statement_cache: None,
            max_connections: 8,
            create: true,
            acquire_timeout: Duration::from_secs(5),
            answer_timeout: Duration::from_secs(30),
            hold: false,
            cache_jobs: 0,
            redis: None,
            notify_by: NotifyBy::Auto,
            observer: None,
            faults: None,
        }
    }
}

/// Reason why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("invalid database URL `{0}`: use sqlite://PATH or postgres://USER@HOST/DATABASE")]
    Url(String),
    #[error("the database at `{url}` cannot be opened: {why}")]
    Open { url: String, why: String },
    #[error("the database at `{url}` does not take the connection: {why}")]
    Refused { url: String, why: String },
    #[error(
        "a database in memory is not supported, because its jobs would be lost at exit: name a \
        file, such as sqlite://callsheet.db"
    )]
    Memory,
    #[error(
        "there is no database at `{0}`: name the right one with --database-url; `callsheet serve` \
        makes a new one"
    )]
    Missing(String),
    #[error("the database at `{0}` was deleted while it was opened: {1}")]
    Gone(String, std::io::Error),
    #[error(
        "the database at `{url}` has the encoding {encoding}: Callsheet needs UTF-8; create one \
        with {create}"
    )]
    Encoding {
        url: String,
        encoding: String,
        create: &'static str,
    },
    #[error(
        "the connection to `{0}` goes through a pooler in transaction mode, such as PgBouncer with \
        pool_mode = transaction, which breaks prepared statements, settings and notifications: \
        connect to PostgreSQL directly, use pool_mode = session, or set --statement-cache 0 and name \
        a direct connection with --listen-url"
    )]
    Pooler(String),
    #[error("the setting redis_url is wrong: {0}")]
    Redis(String),
    #[error("the database does not say which one it is, for its keys in Redis: {0}")]
    Nameless(String),
    #[error(
        "the database at `{url}` is {engine}, which lacks statement triggers with transition tables \
        or positions without gaps: use PostgreSQL 14 or later, or SQLite"
    )]
    Engine { url: String, engine: String },
    #[error("the folder {0} for the database cannot be made: {1}")]
    Folder(String, std::io::Error),
}
