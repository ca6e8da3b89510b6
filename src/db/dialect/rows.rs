//! Statements that insert or update many rows, or return many rows as one value.

use entity::job;
use sea_orm::{
    DbBackend, DbErr, IdenStatic, Iterable,
    sea_query::{ColumnType, Expr},
};

/// Returns whether rows cost less when the database returns them as one value.
pub fn gathers(backend: DbBackend) -> bool {
    backend == DbBackend::Sqlite
}

/// Wraps a statement that selects all columns of jobs, so that it returns one text: an array of
/// arrays, in which values without a JSON form are text. The progress is text too, because SQLite
/// writes a JSON number with 15 digits, which is another value than the stored one.
pub fn gather(sql: &str) -> String {
    gathered(sql, "{}")
}

/// Wraps a statement as [`gather`] does, but returns null if the statement's additional column
/// `flag` is not 0 in a row.
pub fn gather_unless(sql: &str, flag: &str) -> String {
    let form = format!("CASE WHEN COALESCE(max(\"{flag}\"), 0) = 0 THEN {{}} END");
    gathered(sql, &form)
}

fn gathered(sql: &str, form: &str) -> String {
    let column = |column: job::Column| {
        match column {
            // The format would turn a text into the number 0.
            job::Column::Progress => {
                "CASE WHEN typeof(\"progress\") IN ('real', 'integer') THEN format('%!.17g', \
            \"progress\") END"
                    .to_owned()
            }
            _ => format!("\"{}\"", column.as_str()),
        }
    };
    let columns: Vec<_> = job::Column::iter().map(column).collect();
    let array = format!("json_group_array(json_array({}))", columns.join(","));
    format!("SELECT {} FROM ({sql})", form.replace("{}", &array))
}

/// Wraps a statement that selects the integer `bytes`, so that it returns one text: an array.
pub fn gather_numbers(sql: &str) -> String {
    format!("SELECT json_group_array(\"bytes\") FROM ({sql})")
}

/// Returns whether the rows hold a value that JSON cannot represent.
pub fn cannot_gather(error: &DbErr) -> bool {
    str::contains(&error.to_string(), "JSON cannot hold")
}

/// Size in bytes up to which PostgreSQL stores a JSON value uncompressed in most rows, and the
/// approximate factor by which it compresses a larger one.
const PACKED: (u32, u32) = (1000, 16);

/// Approximate bytes of a column, as a 64-bit number, without reading a long value.
pub fn bytes(backend: DbBackend, column: Expr, is_json: bool) -> Expr {
    match (backend, is_json) {
        (DbBackend::Postgres, true) => {
            let (from, times) = PACKED;
            let sql = format!(
                "COALESCE(pg_column_size($1)::bigint * CASE WHEN pg_column_size($1) > {from} THEN \
                {times} ELSE 1 END, 0)"
            );
            Expr::cust_with_exprs(sql, [column])
        }
        (DbBackend::Postgres, false) => {
            Expr::cust_with_exprs("COALESCE(octet_length($1), 0)::bigint", [column])
        }
        _ => Expr::cust_with_exprs("COALESCE(octet_length(?), 0)", [column]),
    }
}

/// Returns whether a statement can bind the values of a column as one array.
pub fn takes_arrays(backend: DbBackend) -> bool {
    backend == DbBackend::Postgres
}

/// Type name of an element of a column's array.
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

/// Inserts a number of rows: on PostgreSQL from one array literal per column, on SQLite value by
/// value.
pub fn insert_rows(
    backend: DbBackend,
    table: &str,
    columns: &[(String, &str)],
    rows: usize,
) -> String {
    let names = quoted(columns).join(", ");
    match backend {
        DbBackend::Postgres => format!(
            "INSERT INTO \"{table}\" ({names}) SELECT * FROM {}",
            arrays(columns)
        ),
        _ => format!(
            "INSERT INTO \"{table}\" ({names}) VALUES {}",
            places(columns.len(), rows)
        ),
    }
}

/// Updates columns of a number of rows, bound as in [`insert_rows`]. The first `keys` columns
/// identify the rows.
pub fn update_rows(
    backend: DbBackend,
    table: &str,
    columns: &[(String, &str)],
    keys: usize,
    rows: usize,
) -> String {
    let names = quoted(columns);
    let given = |i: usize| match backend {
        DbBackend::Postgres => format!("v.{}", names[i]),
        _ => format!("v.column{}", i + 1),
    };
    let pairs = |range: std::ops::Range<usize>, before: &str| -> Vec<String> {
        range
            .map(|i| format!("{before}{} = {}", names[i], given(i)))
            .collect()
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
    columns
        .iter()
        .map(|(name, _)| format!("\"{name}\""))
        .collect()
}

fn arrays(columns: &[(String, &str)]) -> String {
    let arrays = columns
        .iter()
        .enumerate()
        .map(|(i, (_, kind))| format!("(${}::text)::{kind}[]", i + 1));
    format!("unnest({})", arrays.collect::<Vec<_>>().join(", "))
}

fn places(columns: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(","));
    vec![row.as_str(); rows].join(",")
}
