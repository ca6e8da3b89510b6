//! Rows by the thousand: statements that take many, and what they give back as one value.

use entity::job;
use sea_orm::{DbBackend, DbErr, IdenStatic, Iterable, sea_query::ColumnType};

/// Whether rows cost less when they come as one value.
pub fn gathers(backend: DbBackend) -> bool {
    backend == DbBackend::Sqlite
}

/// The jobs of a statement that selects all columns, as one text: an array of arrays, in which what JSON does not know is
/// text. A number of JSON would have 15 digits on SQLite, and another value than the one that is kept.
pub fn gather(sql: &str) -> String {
    let column = |column: job::Column| match column {
        // A text would become the number 0.
        job::Column::Progress => {
            "CASE WHEN typeof(\"progress\") IN ('real', 'integer') THEN format('%!.17g', \"progress\") END".to_owned()
        }
        _ => format!("\"{}\"", column.as_str()),
    };
    let columns: Vec<_> = job::Column::iter().map(column).collect();
    format!("SELECT json_group_array(json_array({})) FROM ({sql})", columns.join(","))
}

/// There is something in the rows that JSON has no form for.
pub fn cannot_gather(error: &DbErr) -> bool {
    str::contains(&error.to_string(), "JSON cannot hold")
}

/// Whether a statement can take the values of a column as one array.
pub fn takes_arrays(backend: DbBackend) -> bool {
    backend == DbBackend::Postgres
}

/// The type of an element of a column's array.
pub fn type_name(column: &ColumnType) -> &'static str {
    match column {
        ColumnType::SmallInteger => "smallint",
        ColumnType::Integer => "integer",
        ColumnType::BigInteger => "bigint",
        ColumnType::Double => "double precision",
        ColumnType::TimestampWithTimeZone => "timestamptz",
        ColumnType::JsonBinary => "jsonb",
        _ => "text",
    }
}

/// Inserts so many rows: on PostgreSQL they come as an array literal a column, on SQLite value by value.
pub fn insert_rows(backend: DbBackend, table: &str, columns: &[(String, &str)], rows: usize) -> String {
    let names = quoted(columns).join(", ");
    match backend {
        DbBackend::Postgres => format!("INSERT INTO \"{table}\" ({names}) SELECT * FROM {}", arrays(columns)),
        _ => format!("INSERT INTO \"{table}\" ({names}) VALUES {}", places(columns.len(), rows)),
    }
}

/// Sets columns of so many rows, which come as in [`insert_rows`]; the first `keys` columns say which rows.
pub fn update_rows(backend: DbBackend, table: &str, columns: &[(String, &str)], keys: usize, rows: usize) -> String {
    let names = quoted(columns);
    let given = |i: usize| match backend {
        DbBackend::Postgres => format!("v.{}", names[i]),
        _ => format!("v.column{}", i + 1),
    };
    let pairs = |range: std::ops::Range<usize>, before: &str| -> Vec<String> {
        range.map(|i| format!("{before}{} = {}", names[i], given(i))).collect()
    };
    let set = pairs(keys..names.len(), "").join(", ");
    let at = pairs(0..keys, "t.").join(" AND ");
    let values = match backend {
        DbBackend::Postgres => format!("{} AS v({})", arrays(columns), names.join(", ")),
        _ => format!("(VALUES {}) AS v", places(columns.len(), rows)),
    };
    format!("UPDATE \"{table}\" AS t SET {set} FROM {values} WHERE {at}")
}

fn quoted(columns: &[(String, &str)]) -> Vec<String> {
    columns.iter().map(|(name, _)| format!("\"{name}\"")).collect()
}

fn arrays(columns: &[(String, &str)]) -> String {
    let arrays = columns.iter().enumerate().map(|(i, (_, kind))| format!("(${}::text)::{kind}[]", i + 1));
    format!("unnest({})", arrays.collect::<Vec<_>>().join(", "))
}

fn places(columns: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(","));
    vec![row.as_str(); rows].join(",")
}
