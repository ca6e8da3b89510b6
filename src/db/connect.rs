//! Opening the pool: what a connection must be set to so that an answered commit survives a power cut.

use super::{
    Reader,
    bound::{Bound, Bounded},
};
use crate::shown_url::shown_url;
use sea_orm::{ConnectOptions, DbErr, RuntimeErr, Statement};
use sqlx::{Connection, sqlite::SqliteSynchronous};
use std::{path::Path, sync::Arc, time::Duration};

/// How long a statement on SQLite waits for another process that writes.
const SQLITE_BUSY: Duration = Duration::from_secs(5);

/// How long a statement on PostgreSQL waits for a row that another transaction holds.
const LOCK_WAIT: &str = "5s";

#[derive(Clone)]
pub struct Options {
    /// `sqlite://PATH`, `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// Connections in the pool.
    pub max_connections: u32,
    /// Make a SQLite file that is not there yet.
    pub create: bool,
    /// How long a call waits for a free connection before it gives up.
    pub acquire_timeout: Duration,
    /// How long a statement may take on PostgreSQL before nobody waits for it any more.
    pub answer_timeout: Duration,
    /// Jobs that are kept in memory to be read; 0 for none.
    pub cache_jobs: u64,
    /// Is shown every statement.
    pub observer: Option<Observer>,
}

/// Looks on while the database is asked; for measuring.
#[derive(Clone)]
pub struct Observer(pub Arc<dyn Fn(&Statement) + Send + Sync>);

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Observer")
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("url", &shown_url(&self.url)).finish_non_exhaustive()
    }
}

impl Options {
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 8,
            create: true,
            acquire_timeout: Duration::from_secs(5),
            answer_timeout: Duration::from_secs(30),
            cache_jobs: 0,
            observer: None,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("the database URL `{0}` is not understood: use sqlite://PATH or postgres://USER@HOST/DATABASE")]
    Url(String),
    #[error("the database at `{url}` cannot be opened: {why}")]
    Open { url: String, why: String },
    #[error("the database at `{url}` does not take the connection: {why}")]
    Refused { url: String, why: String },
    #[error("a database in memory would lose every job, and each connection would see another one: name a file")]
    Memory,
    #[error("there is no database at `{0}`: name the right one with --database-url; `callsheet serve` makes a new one")]
    Missing(String),
    #[error("the folder {0} for the database cannot be made: {1}")]
    Folder(String, std::io::Error),
}

pub async fn connect(options: &Options) -> Result<Reader, ConnectError> {
    let url = match options.url.split_once(':') {
        Some(("postgresql", rest)) => format!("postgres:{rest}"),
        Some(("sqlite" | "postgres", _)) => options.url.clone(),
        _ => return Err(ConnectError::Url(shown_url(&options.url))),
    };
    let create = options.create;
    match sqlite_file(&url) {
        Some(_) if url.contains(":memory:") || url.contains("mode=memory") => return Err(ConnectError::Memory),
        Some(file) if create => make_folder(file)?,
        Some(file) if !file.exists() => return Err(ConnectError::Missing(shown_url(&options.url))),
        _ => {}
    }
    if url.starts_with("postgres:") {
        try_postgres(&url, options).await?;
    }
    let bound = if url.starts_with("postgres:") { Bound::new(options.answer_timeout) } else { Bound::default() };
    let guard = bound.clone();
    let mut settings = ConnectOptions::new(&url);
    settings
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        .connect_timeout(options.acquire_timeout)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .test_before_acquire(false)
        // A ping only for a connection that may have been cut meanwhile: one at each acquire would double the round trips.
        .test_before_acquire_if_idle_for(Duration::from_secs(10))
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .create_if_missing(create)
                .foreign_keys(true)
                // NORMAL may lose the last answered commits at a power cut.
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(SQLITE_BUSY)
        })
        .map_sqlx_postgres_opts(|postgres| {
            postgres.application_name("callsheet").options([("synchronous_commit", "on"), ("lock_timeout", LOCK_WAIT)])
        })
        .map_sqlx_postgres_pool_opts(move |pool| guard.guard(pool));
    let open = |error| ConnectError::Open { url: shown_url(&options.url), why: why(&error) };
    let mut conn = sea_orm::Database::connect(settings).await.map_err(open)?;
    if let Some(Observer(see)) = options.observer.clone() {
        conn.set_metric_callback(move |asked| see(asked.statement));
    }
    Ok(Bounded::new(conn, bound))
}

/// One connection by itself: the pool would try again and again, and then tell of nothing but its own patience.
async fn try_postgres(url: &str, options: &Options) -> Result<(), ConnectError> {
    let refused = |error| ConnectError::Refused { url: shown_url(&options.url), why: without_values(&error) };
    let attempt = tokio::time::timeout(options.acquire_timeout, sqlx::PgConnection::connect(url)).await;
    let connection = attempt.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map_err(refused)?;
    connection.close().await.map_err(refused)
}

fn why(error: &DbErr) -> String {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(source)) => without_values(source),
        other => other.to_string(),
    }
}

/// What is wrong. Of an address that is not understood, not which part of it: a password may stand where it should not.
pub fn without_values(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Configuration(_) => "look at the port and the parameters of the address".to_owned(),
        other => other.to_string(),
    }
}

pub fn sqlite_file(url: &str) -> Option<&Path> {
    let rest = url.strip_prefix("sqlite:")?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    Some(Path::new(path.split('?').next().unwrap_or(path)))
}

/// SQLite makes the file but not its folder.
fn make_folder(file: &Path) -> Result<(), ConnectError> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            std::fs::create_dir_all(folder).map_err(|error| ConnectError::Folder(folder.display().to_string(), error))
        }
        _ => Ok(()),
    }
}
