//! Opens an untrusted SQLite file as SQLite advises ("Defense against the dark arts"): nothing in
//! its schema is executed. The reader takes only stored tables, of these only stored columns, and
//! no row with more bytes than a record may have.

use super::{
    super::{
        super::{
            reject::{Reason, Reject},
            split::MAX_RECORD_BYTES,
        },
        cause::cause,
    },
    Openable,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use std::collections::BTreeMap;

/// Maximum columns of a table; [`MAX_NAME_BYTES`] is the maximum length of a column's name, in
/// characters. Known stores have far fewer.
const MAX_COLUMNS: usize = 200;
const MAX_NAME_BYTES: usize = 100;

/// Maximum tables that the message about an unknown database lists.
const MAX_NAMED_TABLES: i64 = 20;

/// Maximum tables to choose from.
const MAX_TABLES: i64 = 1000;

/// Prefixes of the findings of a table check that are unusual values, but no damage.
const ODD: [&str; 5] = [
    "NULL value in ",
    "NUMERIC value in ",
    "TEXT value in ",
    "non-",
    "CHECK constraint failed",
];

pub async fn open(file: &Openable) -> Result<SqliteConnection, Reject> {
    let options = SqliteConnectOptions::new()
        .filename(&file.file)
        .create_if_missing(false)
        .immutable(file.immutable)
        .read_only(file.immutable)
        // sqlx reads rows ahead of the request, and each may be large.
        .row_buffer_size(1)
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .pragma("mmap_size", "0")
        .pragma("ignore_check_constraints", "ON")
        // A query that exceeds the memory limit must fail instead of filling the disk.
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging();
    options.connect().await.map_err(damaged)
}

pub fn damaged(error: sqlx::Error) -> Reject {
    Reject::new(
        Reason::BadDatabase,
        format!("The SQLite database cannot be read: {}.", cause(&error)),
    )
}

/// Stored tables of a database, by name.
pub struct Tables(BTreeMap<String, Table>);

pub struct Table {
    name: String,
    /// Names of the stored columns.
    columns: Vec<String>,
    /// Whether the table also has columns that SQLite computes.
    generates: bool,
}

impl Tables {
    /// Finds the stored tables with these names. Views and virtual tables are ignored.
    pub async fn of(conn: &mut SqliteConnection, names: &[&str]) -> Result<Self, Reject> {
        let mut tables = BTreeMap::new();
        for name in names {
            let stored = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ? AND rootpage > 0 \
                          AND sql LIKE 'CREATE TABLE%'";
            let found: i64 = sqlx::query_scalar(stored)
                .bind(*name)
                .fetch_one(&mut *conn)
                .await
                .map_err(damaged)?;
            if found == 1 {
                tables.insert((*name).to_owned(), Table::of(conn, name).await?);
            }
        }
        Ok(Self(tables))
    }

    /// Returns the table if it has these columns.
    pub fn with(&self, name: &str, columns: &[&str]) -> Option<&Table> {
        let table = self.0.get(name)?;
        columns
            .iter()
            .all(|column| table.columns.iter().any(|c| c == column))
            .then_some(table)
    }
}

impl Table {
    async fn of(conn: &mut SqliteConnection, name: &str) -> Result<Self, Reject> {
        let rows = sqlx::query("SELECT name, hidden FROM pragma_table_xinfo(?)").bind(name);
        let rows = rows.fetch_all(conn).await.map_err(damaged)?;
        let (mut columns, mut generates) = (Vec::new(), false);
        for row in rows {
            let column: String = row.try_get(0).map_err(damaged)?;
            match row.try_get::<i64, _>(1).map_err(damaged)? {
                0 => columns.push(column),
                _ => generates = true,
            }
        }
        if columns.len() > MAX_COLUMNS
            || columns
                .iter()
                .any(|column| column.chars().count() > MAX_NAME_BYTES)
        {
            let detail = format!(
                "The table {name} belongs to no known store: it has too many columns, or columns \
                with too long names."
            );
            return Err(Reject::new(Reason::UnknownShape, detail));
        }
        Ok(Self {
            name: name.to_owned(),
            columns,
            generates,
        })
    }

    /// Checks the whole table for damage before any row is read. A check would compute generated
    /// columns, so that a table with such columns is not checked, and its damage shows when it is
    /// read.
    pub async fn check(&self, conn: &mut SqliteConnection) -> Result<(), Reject> {
        if self.generates {
            return Ok(());
        }
        let sql = format!("PRAGMA quick_check({})", quoted(&self.name));
        let found: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_all(conn)
            .await
            .map_err(damaged)?;
        let odd = |line: &&String| {
            *line == "ok" || ODD.iter().any(|beginning| line.starts_with(beginning))
        };
        match found.iter().find(|line| !odd(line)) {
            Some(line) => Err(Reject::new(
                Reason::BadDatabase,
                format!("The SQLite database is damaged: {}.", line.trim()),
            )),
            None => Ok(()),
        }
    }

    /// Name of this column, or of the first one if there is none of that name.
    pub fn column<'a>(&'a self, name: &'a str) -> &'a str {
        if self.columns.iter().any(|column| column == name) {
            name
        } else {
            self.columns.first().map_or(name, String::as_str)
        }
    }

    /// `SELECT` of the stored columns, for the rows that are not too large.
    pub fn rows(&self) -> String {
        let columns: Vec<_> = self.columns.iter().map(|column| quoted(column)).collect();
        format!(
            "SELECT {} FROM {} WHERE {} <= {MAX_RECORD_BYTES}",
            columns.join(", "),
            quoted(&self.name),
            self.bytes()
        )
    }

    /// `SELECT` of the key column, for the rows that are too large; NULL if the key is too long for
    /// one.
    pub fn large_rows(&self, key: &str) -> String {
        let (key, table) = (quoted(key), quoted(&self.name));
        format!(
            "SELECT iif(octet_length({key}) <= 1000, CAST({key} AS TEXT), NULL) AS key FROM {table} \
             WHERE {} > {MAX_RECORD_BYTES}",
            self.bytes()
        )
    }

    /// SQL expression for the bytes of a row's values, which SQLite knows without reading them.
    fn bytes(&self) -> String {
        let each = self
            .columns
            .iter()
            .map(|column| format!("coalesce(octet_length({}), 0)", quoted(column)));
        each.collect::<Vec<_>>().join(" + ")
    }
}

/// Names of the stored tables.
pub async fn stored(conn: &mut SqliteConnection) -> Result<Vec<String>, Reject> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND sql LIKE \
               'CREATE TABLE%' AND octet_length(name) <= 100 AND name NOT LIKE 'sqlite~_%' ESCAPE '~' \
               ORDER BY name LIMIT ?";
    sqlx::query_scalar(sql)
        .bind(MAX_TABLES)
        .fetch_all(conn)
        .await
        .map_err(damaged)
}

/// Reject of a database that belongs to no known store.
pub async fn unknown(conn: &mut SqliteConnection) -> Reject {
    let sql = "SELECT substr(name, 1, 100) FROM sqlite_schema WHERE type IN ('table', 'view') \
               AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name LIMIT ?";
    let names: Result<Vec<String>, _> = sqlx::query_scalar(sql)
        .bind(MAX_NAMED_TABLES)
        .fetch_all(conn)
        .await;
    let names = names.unwrap_or_default();
    let names = if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    };
    let detail = format!(
        "The database has the tables of no known store; it has: {names}. Read one with --from sqlite \
        --table and a map of its columns, which `callsheet import --explain FILE` proposes."
    );
    Reject::new(Reason::UnknownShape, detail)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
