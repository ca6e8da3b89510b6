//! Reader of a PostgreSQL database in which a service kept its jobs. The server converts each row
//! to JSON. One statement in a read-only session reads all rows, and so sees one snapshot.

use super::{
    super::{
        reject::{Reason, Reject},
        report::Position,
        sources::SourceKind,
        split::{MAX_RECORD_BYTES, too_large},
    },
    cause::cause,
    sink::{RecordSink, piece},
    source_address::shown,
};
use crate::db::without_values;
use futures_util::StreamExt;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement, StreamTrait,
};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use std::{collections::BTreeMap, path::Path, time::Duration};
use tokio::runtime::Handle;

/// Timeout of connecting to the server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

const TABLES: &str = "SELECT table_name::text, column_name::text FROM information_schema.columns \
                      WHERE table_schema = ANY (current_schemas(false))";
const VEDO: &str = "SELECT left(id::text, 1000) AS key, row_to_json(t)::text AS record FROM \
    video_generation_jobs AS t";
const COMIC: &str =
    "SELECT left(job_id::text, 1000) AS key, row_to_json(t)::text AS record FROM jobs AS t";

/// Wraps a query so that the server does not send a record that is too large. `OFFSET 0` makes the
/// server compute each record only once.
fn bounded(sql: &str) -> String {
    format!(
        "SELECT key, CASE WHEN octet_length(record) <= {MAX_RECORD_BYTES} THEN record END AS record FROM ({sql} OFFSET 0) AS r"
    )
}

pub fn read(url: &str, sink: &mut RecordSink) {
    sink.begin(&shown(Path::new(url)));
    if let Err(reject) = try_read(url, sink) {
        sink.reject(Position::File, [], reject);
    }
}

fn try_read(url: &str, sink: &mut RecordSink) -> Result<(), Reject> {
    let conn = Handle::current().block_on(open(url))?;
    let tables = Handle::current()
        .block_on(tables(&conn))
        .map_err(|error| unreachable(&error))?;
    let has = |table: &str, column: &str| {
        tables
            .get(table)
            .is_some_and(|columns| columns.iter().any(|c| c == column))
    };
    let (kind, sql) = if has("video_generation_jobs", "lease_token") {
        let detail = "This is a database of Callsheet itself: write it out with `callsheet \
            export`, and import that.";
        return Err(Reject::new(Reason::UnknownShape, detail));
    } else if has("video_generation_jobs", "job_type") {
        (SourceKind::VedoTable, VEDO)
    } else if has("jobs", "job_id") && has("jobs", "total_items") {
        (SourceKind::Comic, COMIC)
    } else {
        let names: Vec<_> = tables.keys().map(String::as_str).take(20).collect();
        let names = if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        };
        let detail = format!("The database has the tables of no known store; it has: {names}.");
        return Err(Reject::new(Reason::UnknownShape, detail));
    };
    sink.known = Some(kind);
    each(&conn, &bounded(sql), sink).map_err(|error| unreachable(&error))
}

/// Hands on each row until the reader should stop.
fn each(conn: &DatabaseConnection, sql: &str, sink: &mut RecordSink) -> Result<(), DbErr> {
    let runtime = Handle::current();
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    let mut rows = runtime.block_on(conn.stream_raw(statement))?;
    let stop = sink.stop.clone();
    while let Some(row) = runtime.block_on(stop.unless_requested(rows.next())) {
        let row = row?;
        let key: Option<String> = row.try_get("", "key")?;
        let key = Position::Key(key.unwrap_or_default());
        let go_on = match row.try_get::<Option<String>>("", "record")? {
            Some(record) => sink.take(piece(key, record.into_bytes(), Ok(()))),
            None => sink.reject(key, [], too_large()),
        };
        if !go_on {
            break;
        }
    }
    Ok(())
}

async fn tables(conn: &DatabaseConnection) -> Result<BTreeMap<String, Vec<String>>, DbErr> {
    let mut tables = BTreeMap::<String, Vec<String>>::new();
    for row in conn
        .query_all_raw(Statement::from_string(DbBackend::Postgres, TABLES))
        .await?
    {
        tables
            .entry(row.try_get("", "table_name")?)
            .or_default()
            .push(row.try_get("", "column_name")?);
    }
    Ok(tables)
}

pub async fn open(url: &str) -> Result<DatabaseConnection, Reject> {
    let url = url.replacen("postgresql://", "postgres://", 1);
    knock(&url).await?;
    let mut settings = ConnectOptions::new(url);
    settings
        .max_connections(1)
        .connect_timeout(CONNECT_TIMEOUT)
        .acquire_timeout(CONNECT_TIMEOUT)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .map_sqlx_postgres_opts(|postgres| {
            let session = [("default_transaction_read_only", "on"), ("timezone", "UTC")];
            postgres
                .application_name("callsheet import")
                .options(session)
        });
    sea_orm::Database::connect(settings)
        .await
        .map_err(|error| unreachable(&error))
}

/// Connects once without a pool, to get the server's own error. A pool retries a refused connection
/// until its timeout, and then reports only that.
async fn knock(url: &str) -> Result<(), Reject> {
    let refused = |why: String| {
        Reject::new(
            Reason::Unreachable,
            format!("The PostgreSQL database cannot be read: {why}."),
        )
    };
    let to_reject = |error: sqlx::Error| match error {
        sqlx::Error::Configuration(_) => refused(without_values(&error)),
        other => refused(cause(&other)),
    };
    let options: PgConnectOptions = url.parse().map_err(to_reject)?;
    let connected =
        tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect_with(&options)).await;
    let connection = connected
        .map_err(|_| refused("it does not answer".to_owned()))?
        .map_err(to_reject)?;
    connection.close().await.map_err(to_reject)
}

fn unreachable(error: &DbErr) -> Reject {
    Reject::new(
        Reason::Unreachable,
        format!("The PostgreSQL database cannot be read: {}.", cause(error)),
    )
}
