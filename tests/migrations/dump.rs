//! A schema as text that people can read and tests can compare.

use crate::support::{Backend, TestDb};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use std::fmt::Write;

pub async fn schema(db: &TestDb) -> String {
    let conn = db.raw().await;
    let text = match db.backend {
        Backend::Sqlite => sqlite(&conn).await,
        Backend::Postgres => postgres(&conn).await,
    };
    conn.close().await.unwrap();
    text
}

/// The first column of each row.
pub async fn texts(conn: &DatabaseConnection, sql: &str) -> Vec<String> {
    let rows = conn
        .query_all_raw(Statement::from_string(conn.get_database_backend(), sql))
        .await
        .unwrap();
    rows.iter()
        .map(|row| row.try_get_by_index(0).unwrap())
        .collect()
}

/// SQLite keeps each statement as it was given.
async fn sqlite(conn: &DatabaseConnection) -> String {
    let made = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' \
        ORDER BY tbl_name, type = 'index', name";
    let mut text = String::new();
    for statement in texts(conn, made).await {
        for line in broken_at_commas(&statement).lines() {
            writeln!(text, "{}", line.trim_end()).unwrap();
        }
    }
    text
}

/// A column or constraint a line.
fn broken_at_commas(statement: &str) -> String {
    if !statement.starts_with("CREATE TABLE") {
        return statement.to_owned();
    }
    let (mut text, mut depth) = (String::from("\n"), 0);
    for c in statement.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        match (c, depth) {
            ('(', 1) => text.push_str("(\n   "),
            (')', 0) => text.push_str("\n)"),
            (',', 1) => text.push_str(",\n   "),
            _ => text.push(c),
        }
    }
    text
}

async fn postgres(conn: &DatabaseConnection) -> String {
    let tables = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace \
        AND relkind = 'r' ORDER BY 1";
    let mut text = String::new();
    for table in texts(conn, tables).await {
        writeln!(text, "\n{table}").unwrap();
        let parts = [columns(&table), constraints(&table), indexes(&table)];
        for sql in parts {
            for line in texts(conn, &sql).await {
                writeln!(text, "    {line}").unwrap();
            }
        }
    }
    text
}

fn columns(table: &str) -> String {
    format!(
        "SELECT concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END, \
         CASE WHEN a.attidentity <> '' THEN 'IDENTITY' END, \
         'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)) \
         FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
         WHERE a.attrelid = 'public.{table}'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
    )
}

fn constraints(table: &str) -> String {
    // PostgreSQL 18 also lists NOT NULL here, which stands at the column already.
    format!(
        "SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint \
         WHERE conrelid = 'public.{table}'::regclass AND contype <> 'n' ORDER BY contype, conname"
    )
}

fn indexes(table: &str) -> String {
    format!(
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'public.{table}'::regclass \
         ORDER BY indexrelid::regclass::text"
    )
}
