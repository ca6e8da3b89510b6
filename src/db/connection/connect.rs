//! Opens the connection pool, with the settings that make an acknowledged commit survive a power
//! cut.

use crate::{
    db::{
        Reader,
        connection::{
            faults::Faults,
            postgres, settled,
            statement_timeout::{StatementTimeout, TimedConn},
        },
        dialect,
    },
    shown_url::shown_url,
};
use futures_util::FutureExt;
use sea_orm::{ConnectOptions, ConnectionTrait, DbBackend, DbErr, RuntimeErr, Statement};
use sqlx::{
    Connection,
    sqlite::{SqliteConnectOptions, SqliteSynchronous},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Time that a statement on SQLite waits while another process writes.
const SQLITE_BUSY: Duration = Duration::from_secs(5);

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
    /// Whether to hold all connections open, as a server does: fewer than `max_connections` if
    /// PostgreSQL does not give as many. Also checks that no pooler switches them.
    pub hold: bool,
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
            hold: false,
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
        connect to PostgreSQL directly, or use pool_mode = session"
    )]
    Pooler(String),
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
    match sqlite_file(&url).as_deref() {
        Some(_) if url.contains(":memory:") || url.contains("mode=memory") => {
            return Err(ConnectError::Memory);
        }
        Some(file) if create => make_folder(file)?,
        Some(file) if !file.exists() => return Err(ConnectError::Missing(shown_url(&options.url))),
        _ => {}
    }
    let mut connections = options.max_connections;
    if url.starts_with("postgres:") {
        connections = postgres::check(&url, options).await?;
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
        .max_connections(connections)
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
                .with_regexp()
        })
        .map_sqlx_sqlite_pool_opts(settled::guard)
        .map_sqlx_sqlite_before_acquire(|connection, _| {
            std::future::ready(Ok(settled::outside(connection))).boxed()
        })
        .map_sqlx_postgres_opts(|postgres| postgres.application_name(dialect::APPLICATION))
        .map_sqlx_postgres_pool_opts(move |pool| {
            guard.check_on_release(postgres::set_up_each(pool))
        });
    if options.hold && url.starts_with("postgres:") {
        // A connection that was closed may not be had again while others use them up.
        settings
            .min_connections(connections)
            .idle_timeout(None)
            .max_lifetime(None);
    }
    let open = |error| ConnectError::Open {
        url: shown_url(&options.url),
        why: why(&error),
    };
    let mut conn = sea_orm::Database::connect(settings).await.map_err(open)?;
    check_sqlite_encoding(&conn, options).await?;
    if let Some(Observer(see)) = options.observer.clone() {
        conn.set_metric_callback(move |asked| see(asked.statement));
    }
    Ok(TimedConn::new(conn, bound).retry_cut_reads())
}

/// Refuses a SQLite file whose texts are UTF-16: sizes are counted in bytes of UTF-8.
async fn check_sqlite_encoding(
    conn: &sea_orm::DatabaseConnection,
    options: &Options,
) -> Result<(), ConnectError> {
    if conn.get_database_backend() != DbBackend::Sqlite {
        return Ok(());
    }
    let pragma = Statement::from_string(DbBackend::Sqlite, "PRAGMA encoding");
    // A file that cannot be read is reported by the first call that needs it.
    let Ok(Some(row)) = conn.query_one_raw(pragma).await else {
        return Ok(());
    };
    match row.try_get_by_index::<String>(0) {
        Ok(encoding) if encoding != "UTF-8" => Err(ConnectError::Encoding {
            url: shown_url(&options.url),
            encoding,
            create: "PRAGMA encoding = 'UTF-8'",
        }),
        _ => Ok(()),
    }
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

/// Path of the SQLite file that a URL names; `None` for another database. Percent signs and blanks
/// mean what they mean when the file is opened: `%20` is a blank, and so is a blank.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let options: SqliteConnectOptions = url.starts_with("sqlite:").then(|| url.parse().ok())??;
    Some(options.get_filename().to_owned())
}

/// Creates the folder of the database file, because SQLite creates only the file.
fn make_folder(file: &Path) -> Result<(), ConnectError> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => std::fs::create_dir_all(folder)
            .map_err(|error| ConnectError::Folder(folder.display().to_string(), error)),
        _ => Ok(()),
    }
}
