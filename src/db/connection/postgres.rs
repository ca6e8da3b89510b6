//! Checks and settings of connections to PostgreSQL.

use super::connect::{ConnectError, Options, without_values};
use crate::shown_url::shown_url;
use futures_util::future::join_all;
use sqlx::{
    Connection, Executor, PgConnection, Postgres, Row, pool::PoolOptions,
    postgres::PgConnectOptions,
};
use std::time::Duration;
use tokio::time::timeout;

/// Settings of every connection: a commit is on disk when it is acknowledged, a statement waits
/// five seconds for a row that another transaction has locked, and no statement is compiled, which
/// takes longer than running any of Callsheet's. They are set after the connection is made, because
/// a pooler may drop what is sent with its start.
const SETTINGS: &str = "SET synchronous_commit = on; SET lock_timeout = '5s'; SET jit = off";

/// Makes PostgreSQL end a statement within a second after its connection was closed.
const CANCEL_WHEN_CLOSED: &str = "SET client_connection_check_interval = 1000";

/// First version that has this setting.
const HAS_CHECK_INTERVAL: u32 = 140_000;

/// Time limit for a BEGIN, which PostgreSQL itself never lets wait.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(3);

/// Applies the settings to each new connection of the pool.
pub fn set_up_each(pool: PoolOptions<Postgres>) -> PoolOptions<Postgres> {
    pool.after_connect(|connection, _| Box::pin(set_up(connection)))
}

async fn set_up(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection.execute(SETTINGS).await?;
    let version = connection.server_version_num().unwrap_or(0);
    // Not every platform has it, and nothing depends on it.
    if version >= HAS_CHECK_INTERVAL {
        let _ = connection.execute(CANCEL_WHEN_CLOSED).await;
    }
    Ok(())
}

/// Leaves out of the start of a connection what a pooler does not take. Numbers are sent in binary
/// form, to which the digits of texts do not matter.
pub fn for_pooler(options: PgConnectOptions, is_pooled: bool) -> PgConnectOptions {
    if is_pooled {
        options.extra_float_digits(None)
    } else {
        options
    }
}

/// Checks that the database can be used, by connections without a pool: a pool would retry until
/// its timeout, and report only that timeout. Returns how many connections it gives.
pub async fn check(url: &str, options: &Options) -> Result<u32, ConnectError> {
    let refused = |error| ConnectError::Refused {
        url: shown_url(&options.url),
        why: without_values(&error),
    };
    let mut first = open(url, options).await.map_err(refused)?;
    check_encoding(&mut first, options).await?;
    check_engine(&mut first, options).await?;
    if !options.hold {
        first.close().await.map_err(refused)?;
        return Ok(options.max_connections);
    }
    let more = (1..options.max_connections).map(|_| open(url, options));
    let mut all = vec![first];
    let mut missing = None;
    for opened in join_all(more).await {
        match opened {
            Ok(connection) => all.push(connection),
            Err(error) => missing = Some(error),
        }
    }
    let given = u32::try_from(all.len()).unwrap_or(options.max_connections);
    if let Some(error) = missing {
        tracing::warn!(
            wanted = options.max_connections,
            given,
            error = without_values(&error),
            "PostgreSQL does not give as many connections as --database-connections asks for: the \
            server works with fewer; raise max_connections of PostgreSQL, or lower the setting"
        );
    }
    let pooled = match &mut all[..] {
        [a, b, ..] if !options.is_pooled() => switches(a, b).await.map_err(refused)?,
        _ => false,
    };
    join_all(all.into_iter().map(Connection::close)).await;
    if pooled {
        return Err(ConnectError::Pooler(shown_url(&options.url)));
    }
    Ok(given)
}

async fn open(url: &str, options: &Options) -> Result<PgConnection, sqlx::Error> {
    let settings = for_pooler(url.parse()?, options.is_pooled());
    timeout(
        options.acquire_timeout,
        PgConnection::connect_with(&settings),
    )
    .await
    .unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

async fn check_encoding(
    connection: &mut PgConnection,
    options: &Options,
) -> Result<(), ConnectError> {
    // A statement without a name, which a pooler in transaction mode accepts as well.
    let shown = connection.fetch_one("SHOW server_encoding").await;
    match shown.and_then(|row| row.try_get::<String, _>(0)) {
        Ok(encoding) if encoding != "UTF8" => Err(ConnectError::Encoding {
            url: shown_url(&options.url),
            encoding,
            create: "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
        }),
        _ => Ok(()),
    }
}

/// Refuses a system that speaks PostgreSQL's protocol and breaks a promise of it.
async fn check_engine(
    connection: &mut PgConnection,
    options: &Options,
) -> Result<(), ConnectError> {
    let shown = connection.fetch_one("SELECT version()").await;
    let version = shown.and_then(|row| row.try_get::<String, _>(0));
    match version.as_deref().map(other_engine) {
        Ok(Some(engine)) => Err(ConnectError::Engine {
            url: shown_url(&options.url),
            engine: engine.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Returns the name of the system if it lacks statement triggers with transition tables, or
/// positions without gaps, both of which Callsheet relies on.
pub fn other_engine(version: &str) -> Option<&'static str> {
    const ENGINES: [(&str, &str); 4] = [
        ("CockroachDB", "CockroachDB"),
        ("YugabyteDB", "YugabyteDB"),
        ("-YB-", "YugabyteDB"),
        ("DSQL", "Aurora DSQL"),
    ];
    let engine = ENGINES.iter().find(|(part, _)| version.contains(part));
    engine.map(|(_, name)| *name)
}

/// Returns whether the two connections lead to other servers of PostgreSQL from one transaction to
/// the next. One transaction holds each server while the other connection begins, in both orders:
/// a pooler gives out either the server that was freed last or the one that was freed first.
async fn switches(a: &mut PgConnection, b: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let (Some(of_a), Some(of_b)) = (begin(a).await?, begin(b).await?) else {
        return Ok(true);
    };
    b.execute("COMMIT").await?;
    a.execute("COMMIT").await?;
    // Both servers are free; the one of `a` was freed last.
    for b_first in [true, false] {
        let (one, other) = if b_first {
            (&mut *b, &mut *a)
        } else {
            (&mut *a, &mut *b)
        };
        let (first, second) = (begin(one).await?, begin(other).await?);
        one.execute("COMMIT").await?;
        other.execute("COMMIT").await?;
        let (now_a, now_b) = if b_first {
            (second, first)
        } else {
            (first, second)
        };
        if (now_a, now_b) != (Some(of_a), Some(of_b)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Begins a transaction and returns the process that serves it; `None` if none did in time.
async fn begin(connection: &mut PgConnection) -> Result<Option<i32>, sqlx::Error> {
    let begun = async {
        connection.execute("BEGIN").await?;
        let row = connection.fetch_one("SELECT pg_backend_pid()").await?;
        row.try_get(0)
    };
    timeout(BEGIN_TIMEOUT, begun)
        .await
        .map_or(Ok(None), |begun| begun.map(Some))
}
