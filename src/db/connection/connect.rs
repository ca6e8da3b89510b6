//! Opens the connection pool, with the settings that make an acknowledged commit survive a power
//! cut.

use crate::{
    db::{
        Reader,
        connection::{
            faults::Faults,
            settled,
            statement_timeout::{StatementTimeout, TimedConn},
        },
    },
    shown_url::shown_url,
};
use futures_util::FutureExt;
use sea_orm::{ConnectOptions, DbErr, RuntimeErr, Statement};
use sqlx::{
    Connection,
    sqlite::{SqliteConnectOptions, SqliteSynchronous},
};
use std::{path::Path, sync::Arc, time::Duration};

/// Time that a statement on SQLite waits while another process writes.
const SQLITE_BUSY: Duration = Duration::from_secs(5);

/// Time that a statement on PostgreSQL waits for a row that another transaction has locked.
const LOCK_WAIT: &str = "5s";

#[derive(Clone)]
pub struct Options {
    /// Database URL: `sqlite://PATH`, `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// Maximum connections in the pool.
    pub max_connections: u32,
    /// Whether to create a SQLite file that does not exist.
    pub create: bool,
    /// Time that a call waits for a free connection before it fails.
    pub acquire_timeout: Duration,
    /// Time limit for a statement on PostgreSQL.
    pub answer_timeout: Duration,
    /// Maximum jobs in the read cache; 0 turns it off.
    pub cache_jobs: u64,
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
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 8,
            create: true,
            acquire_timeout: Duration::from_secs(5),
            answer_timeout: Duration::from_secs(30),
            cache_jobs: 0,
            observer: None,
            faults: None,
        }
    }
}

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
        Some(_) if url.contains(":memory:") || url.contains("mode=memory") => {
            return Err(ConnectError::Memory);
        }
        Some(file) if create => make_folder(file)?,
        Some(file) if !file.exists() => return Err(ConnectError::Missing(shown_url(&options.url))),
        _ => {}
    }
    if url.starts_with("postgres:") {
        try_postgres(&url, options).await?;
    } else if create {
        create_file(&url, options).await?;
    }
    let bound = if url.starts_with("postgres:") {
        StatementTimeout::new(options.answer_timeout)
    } else {
        StatementTimeout::default()
    };
    let guard = bound.clone();
    let mut settings = ConnectOptions::new(&url);
    settings
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        .connect_timeout(options.acquire_timeout)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .test_before_acquire(false)
        // Only a connection that has been idle may have been cut. A ping at each acquire would
        // double the round trips.
        .test_before_acquire_if_idle_for(Duration::from_secs(10))
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                // Without this, a file that is deleted later would be created again, empty.
                .create_if_missing(false)
                .foreign_keys(true)
                // NORMAL may lose the last acknowledged commits in a power cut.
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(SQLITE_BUSY)
        })
        .map_sqlx_sqlite_pool_opts(settled::guard)
        .map_sqlx_sqlite_before_acquire(|connection, _| {
            std::future::ready(Ok(settled::outside(connection))).boxed()
        })
        .map_sqlx_postgres_opts(|postgres| {
            postgres
                .application_name("callsheet")
                .options([("synchronous_commit", "on"), ("lock_timeout", LOCK_WAIT)])
        })
        .map_sqlx_postgres_pool_opts(move |pool| guard.check_on_release(pool));
    let open = |error| ConnectError::Open {
        url: shown_url(&options.url),
        why: why(&error),
    };
    let mut conn = sea_orm::Database::connect(settings).await.map_err(open)?;
    if let Some(Observer(see)) = options.observer.clone() {
        conn.set_metric_callback(move |asked| see(asked.statement));
    }
    Ok(TimedConn::new(conn, bound).retry_cut_reads())
}

/// Opens one connection without the pool. The pool would retry until its timeout, and report only
/// that timeout.
async fn try_postgres(url: &str, options: &Options) -> Result<(), ConnectError> {
    let refused = |error| ConnectError::Refused {
        url: shown_url(&options.url),
        why: without_values(&error),
    };
    let attempt =
        tokio::time::timeout(options.acquire_timeout, sqlx::PgConnection::connect(url)).await;
    let connection = attempt
        .unwrap_or(Err(sqlx::Error::PoolTimedOut))
        .map_err(refused)?;
    connection.close().await.map_err(refused)
}

/// Creates the SQLite file if it does not exist, by one connection that is closed again.
async fn create_file(url: &str, options: &Options) -> Result<(), ConnectError> {
    let open = |error| ConnectError::Open {
        url: shown_url(&options.url),
        why: without_values(&error),
    };
    let file: SqliteConnectOptions = url.parse().map_err(open)?;
    let file = file.create_if_missing(true).busy_timeout(SQLITE_BUSY);
    sqlx::SqliteConnection::connect_with(&file)
        .await
        .map_err(open)?
        .close()
        .await
        .map_err(open)
}

fn why(error: &DbErr) -> String {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(source)) => without_values(source),
        other => other.to_string(),
    }
}

/// Describes an error without quoting the database URL: a malformed URL may have the password in
/// any of its parts.
pub fn without_values(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Configuration(_) => {
            "the address is invalid; check its port and parameters".to_owned()
        }
        other => other.to_string(),
    }
}

pub fn sqlite_file(url: &str) -> Option<&Path> {
    let rest = url.strip_prefix("sqlite:")?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    Some(Path::new(path.split('?').next().unwrap_or(path)))
}

/// Creates the folder of the database file, because SQLite creates only the file.
fn make_folder(file: &Path) -> Result<(), ConnectError> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => std::fs::create_dir_all(folder)
            .map_err(|error| ConnectError::Folder(folder.display().to_string(), error)),
        _ => Ok(()),
    }
}
