//! Opens the connection pool, with the settings that make an acknowledged commit survive a power
//! cut.

mod options;
mod sqlite;

pub use options::{ConnectError, Observer, Options};
pub use sqlite::sqlite_file;

use crate::{
    db::{
        Reader,
        connection::{
            postgres, settled,
            timed::{StatementTimeout, TimedConn},
        },
        dialect,
    },
    shown_url::shown_url,
};
use futures_util::FutureExt;
use sea_orm::{ConnectOptions, DbErr, RuntimeErr};
use sqlite::{SQLITE_BUSY, check_sqlite_encoding, create_file, make_folder};
use sqlx::sqlite::SqliteSynchronous;
use std::time::Duration;

/// Opens the pool of a database.
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
    let (is_pooled, statement_cache) = (options.is_pooled(), options.statement_cache);
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
        .map_sqlx_postgres_opts(move |postgres| {
            let postgres = postgres.application_name(dialect::APPLICATION);
            let postgres = postgres::for_pooler(postgres, is_pooled);
            match statement_cache {
                Some(most) => postgres.statement_cache_capacity(most),
                None => postgres,
            }
        })
        .map_sqlx_postgres_pool_opts(move |pool| {
            // Behind a pooler, settings of a connection would be those of other clients as well.
            guard.check_on_release(if is_pooled {
                pool
            } else {
                postgres::set_up_each(pool)
            })
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
    let conn = TimedConn::new(conn, bound).retry_cut_reads();
    Ok(if is_pooled {
        conn.through_pooler()
    } else {
        conn
    })
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
