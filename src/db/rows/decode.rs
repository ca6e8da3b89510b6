//! Decoding of rows. One that cannot be decoded is counted, and logged once.

use sea_orm::{DbErr, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn, QueryResult};
use sqlx::{Column, Row, TypeInfo};
use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        LazyLock, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Maximum unreadable rows that a process logs.
const MAX_LOGGED_ROWS: usize = 1000;

/// Number of distinct unreadable rows so far.
static UNREADABLE_COUNT: AtomicU64 = AtomicU64::new(0);

/// Hashes of the unreadable rows so far.
static SEEN_HASHES: LazyLock<(RandomState, Mutex<HashSet<u64>>)> = LazyLock::new(Default::default);

/// Number of rows that this process could not read. Each row counts once, up to
/// [`MAX_LOGGED_ROWS`] rows.
pub fn unreadable_rows() -> u64 {
    UNREADABLE_COUNT.load(Ordering::Relaxed)
}

/// Rows after decoding.
pub(in crate::db) struct Decoded<T> {
    pub read: Vec<T>,
    /// Names of the rows that could not be decoded.
    pub unreadable: Vec<String>,
}

/// Decodes the rows; one by one only if one of them fails.
pub(in crate::db) fn decode<T>(
    rows: &[QueryResult],
    read: impl Fn(&QueryResult) -> Result<T, DbErr>,
    name: impl Fn(&QueryResult) -> String,
) -> Decoded<T> {
    let read = |row: &QueryResult| in_years(row).and_then(|()| read(row));
    if let Ok(read) = guarded(|| rows.iter().map(&read).collect()) {
        return Decoded {
            read,
            unreadable: Vec::new(),
        };
    }
    let mut decoded = Decoded {
        read: Vec::with_capacity(rows.len()),
        unreadable: Vec::new(),
    };
    for row in rows {
        match guarded(|| read(row)) {
            Ok(row) => decoded.read.push(row),
            Err(error) => {
                let name = name(row);
                note(&name, &error);
                decoded.unreadable.push(name);
            }
        }
    }
    decoded
}

/// Decodes the only row.
///
/// Errors: one that names the row, if it cannot be read.
pub(super) fn only<T>(
    row: &QueryResult,
    read: impl Fn(&QueryResult) -> Result<T, DbErr>,
    name: impl Fn(&QueryResult) -> String,
) -> Result<T, DbErr> {
    guarded(|| in_years(row).and_then(|()| read(row))).map_err(|error| {
        let name = name(row);
        note(&name, &error);
        DbErr::Custom(format!("the row {name} can't be read: {error}"))
    })
}

/// Checks that the times of a row on PostgreSQL lie in the years 1 to 9999. Beyond its own range
/// sqlx would panic, and readers of RFC 3339 accept nothing outside these years.
pub(in crate::db) fn in_years(row: &QueryResult) -> Result<(), DbErr> {
    let Some(row) = row.try_as_pg_row() else {
        return Ok(());
    };
    for column in row
        .columns()
        .iter()
        .filter(|column| column.type_info().name() == "TIMESTAMPTZ")
    {
        let value = row
            .try_get_raw(column.ordinal())
            .map_err(|error| DbErr::Type(error.to_string()))?;
        let bytes = value
            .as_bytes()
            .ok()
            .and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
        if bytes.is_some_and(|bytes| !YEARS.contains(&i64::from_be_bytes(bytes))) {
            return Err(DbErr::Type(format!(
                "{} lies outside of the years 1 to 9999",
                column.name()
            )));
        }
    }
    Ok(())
}

/// Range of the years 1 to 9999 as PostgreSQL sends times: microseconds since 2000.
const YEARS: std::ops::RangeInclusive<i64> = -63_082_281_600_000_000..=252_455_615_999_999_999;

/// Runs a decoder and turns its panic into an error.
pub(in crate::db) fn guarded<T>(read: impl FnOnce() -> Result<T, DbErr>) -> Result<T, DbErr> {
    let beyond = |_| Err(DbErr::Type("a value is out of range".to_owned()));
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(beyond)
}

fn note(name: &str, error: &DbErr) {
    let (hasher, met) = &*SEEN_HASHES;
    let mut met = met.lock().unwrap_or_else(PoisonError::into_inner);
    if met.len() < MAX_LOGGED_ROWS && met.insert(hasher.hash_one(name)) {
        UNREADABLE_COUNT.fetch_add(1, Ordering::Relaxed);
        tracing::error!(row = name, %error, "a row of the database cannot be decoded and is left \
            out of all responses: repair or delete it");
    }
}

/// Name of a row for the log: its table and primary key.
pub(in crate::db) fn name_of<E: EntityTrait>(row: &QueryResult) -> String {
    let keys = E::PrimaryKey::iter().map(|key| {
        let column = key.into_column();
        let name = column.as_str();
        let text = row.try_get::<String>("", name).ok();
        text.or_else(|| {
            row.try_get::<i64>("", name)
                .ok()
                .map(|number| number.to_string())
        })
        .or_else(|| {
            row.try_get::<i32>("", name)
                .ok()
                .map(|number| number.to_string())
        })
        .unwrap_or_else(|| format!("(unreadable {name})"))
    });
    format!(
        "{} {}",
        E::default().table_name(),
        keys.collect::<Vec<_>>().join("/")
    )
}

/// Name of a row whose table is unknown: its first column.
pub(super) fn first_column(row: &QueryResult) -> String {
    let text = row.try_get_by_index::<String>(0).ok();
    text.or_else(|| {
        row.try_get_by_index::<i64>(0)
            .ok()
            .map(|number| number.to_string())
    })
    .unwrap_or_else(|| "(unreadable id)".to_owned())
}
