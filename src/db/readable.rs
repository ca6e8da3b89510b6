//! Rows that can't be read: a text that is a blob, a time of the year 12000, a status that is none. Each costs itself and
//! not the page that it stands on: it is left out, counted, and named in the log once.

use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IdenStatic, Iterable, PrimaryKeyToColumn, QueryResult,
    QuerySelect, QueryTrait, Select, SelectGetableTuple, SelectModel, Selector, SelectorRaw, TryGetableMany,
};
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

/// Rows that the log names at most in the life of a process.
const NAMED: usize = 1000;

/// Rows of a page beyond which unreadable ones are skipped in larger steps.
const STEP: u64 = 10_000;

/// Unreadable rows that were met, each once.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Hashes of the rows that were met.
static MET: LazyLock<(RandomState, Mutex<HashSet<u64>>)> = LazyLock::new(Default::default);

/// Rows that this process met and could not read. A row is counted once, up to [`NAMED`] rows.
pub fn unreadable_rows() -> u64 {
    COUNT.load(Ordering::Relaxed)
}

/// A query whose rows are decoded one by one.
pub trait Readable: Sized {
    type Row: Send;

    /// All rows that can be read.
    fn rows(self, db: &impl ConnectionTrait) -> impl Future<Output = Result<Vec<Self::Row>, DbErr>> + Send;

    /// The only row.
    ///
    /// Errors: one that names the row, if it can't be read.
    fn row(self, db: &impl ConnectionTrait) -> impl Future<Output = Result<Option<Self::Row>, DbErr>> + Send;
}

impl<E: EntityTrait<Model: Send>> Readable for Select<E> {
    type Row = E::Model;

    async fn rows(self, db: &impl ConnectionTrait) -> Result<Vec<E::Model>, DbErr> {
        let rows = db.query_all_raw(self.build(db.get_database_backend())).await?;
        Ok(decode(&rows, model::<E::Model>, name_of::<E>).read)
    }

    async fn row(self, db: &impl ConnectionTrait) -> Result<Option<E::Model>, DbErr> {
        let row = db.query_one_raw(self.limit(1).build(db.get_database_backend())).await?;
        row.map(|row| only(&row, model::<E::Model>, name_of::<E>)).transpose()
    }
}

impl<M: FromQueryResult + Send> Readable for Selector<SelectModel<M>> {
    type Row = M;

    async fn rows(self, db: &impl ConnectionTrait) -> Result<Vec<M>, DbErr> {
        let rows = db.query_all_raw(self.into_statement(db.get_database_backend())).await?;
        Ok(decode(&rows, model::<M>, first_column).read)
    }

    async fn row(self, db: &impl ConnectionTrait) -> Result<Option<M>, DbErr> {
        let row = db.query_one_raw(self.into_statement(db.get_database_backend())).await?;
        row.map(|row| only(&row, model::<M>, first_column)).transpose()
    }
}

impl<M: FromQueryResult + Send> Readable for SelectorRaw<SelectModel<M>> {
    type Row = M;

    async fn rows(self, db: &impl ConnectionTrait) -> Result<Vec<M>, DbErr> {
        let rows = db.query_all_raw(self.into_statement()).await?;
        Ok(decode(&rows, model::<M>, first_column).read)
    }

    async fn row(self, db: &impl ConnectionTrait) -> Result<Option<M>, DbErr> {
        let row = db.query_one_raw(self.into_statement()).await?;
        row.map(|row| only(&row, model::<M>, first_column)).transpose()
    }
}

impl<T: TryGetableMany + Send> Readable for Selector<SelectGetableTuple<T>> {
    type Row = T;

    async fn rows(self, db: &impl ConnectionTrait) -> Result<Vec<T>, DbErr> {
        let rows = db.query_all_raw(self.into_statement(db.get_database_backend())).await?;
        Ok(decode(&rows, tuple::<T>, first_column).read)
    }

    async fn row(self, db: &impl ConnectionTrait) -> Result<Option<T>, DbErr> {
        let row = db.query_one_raw(self.into_statement(db.get_database_backend())).await?;
        row.map(|row| only(&row, tuple::<T>, first_column)).transpose()
    }
}

/// The first `limit` rows of the query that can be read; fewer only when there are no more behind them.
pub async fn page<E: EntityTrait, M: FromQueryResult>(
    query: Select<E>,
    limit: u64,
    db: &impl ConnectionTrait,
) -> Result<Vec<M>, DbErr> {
    let backend = db.get_database_backend();
    let (mut page, mut behind, mut step) = (Vec::new(), 0, limit);
    loop {
        let mut part = query.clone().limit(step);
        if behind > 0 {
            part = part.offset(behind);
        }
        let rows = db.query_all_raw(part.build(backend)).await?;
        page.extend(decode(&rows, model::<M>, name_of::<E>).read);
        page.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        if page.len() as u64 >= limit || (rows.len() as u64) < step {
            return Ok(page);
        }
        behind += step;
        step = step.saturating_mul(2).min(STEP.max(limit));
    }
}

/// What was made of rows.
pub(super) struct Decoded<T> {
    pub read: Vec<T>,
    /// Names of the others.
    pub unreadable: Vec<String>,
}

/// Decodes the rows. One by one only when one of them fails.
pub(super) fn decode<T>(
    rows: &[QueryResult],
    read: impl Fn(&QueryResult) -> Result<T, DbErr>,
    name: impl Fn(&QueryResult) -> String,
) -> Decoded<T> {
    let read = |row: &QueryResult| in_years(row).and_then(|()| read(row));
    if let Ok(read) = guarded(|| rows.iter().map(&read).collect()) {
        return Decoded { read, unreadable: Vec::new() };
    }
    let mut decoded = Decoded { read: Vec::with_capacity(rows.len()), unreadable: Vec::new() };
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

fn only<T>(
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

/// Whether the times of a row on PostgreSQL lie in the years 1 to 9999. sqlx would add one beyond to an epoch and panic, and
/// no reader of RFC 3339 takes what lies between.
pub(super) fn in_years(row: &QueryResult) -> Result<(), DbErr> {
    let Some(row) = row.try_as_pg_row() else { return Ok(()) };
    for column in row.columns().iter().filter(|column| column.type_info().name() == "TIMESTAMPTZ") {
        let value = row.try_get_raw(column.ordinal()).map_err(|error| DbErr::Type(error.to_string()))?;
        let bytes = value.as_bytes().ok().and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
        if bytes.is_some_and(|bytes| !YEARS.contains(&i64::from_be_bytes(bytes))) {
            return Err(DbErr::Type(format!("{} lies outside of the years 1 to 9999", column.name())));
        }
    }
    Ok(())
}

/// The years 1 to 9999 as PostgreSQL sends times: microseconds since 2000.
const YEARS: std::ops::RangeInclusive<i64> = -63_082_281_600_000_000..=252_455_615_999_999_999;

/// A decoder may panic.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, DbErr>) -> Result<T, DbErr> {
    let beyond = |_| Err(DbErr::Type("a value is beyond what the program can hold".to_owned()));
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(beyond)
}

fn note(name: &str, error: &DbErr) {
    let (hasher, met) = &*MET;
    let mut met = met.lock().unwrap_or_else(PoisonError::into_inner);
    if met.len() < NAMED && met.insert(hasher.hash_one(name)) {
        COUNT.fetch_add(1, Ordering::Relaxed);
        tracing::error!(row = name, %error, "a row of the database can't be read and is left out: mend or delete it");
    }
}

fn model<M: FromQueryResult>(row: &QueryResult) -> Result<M, DbErr> {
    M::from_query_result(row, "")
}

fn tuple<T: TryGetableMany>(row: &QueryResult) -> Result<T, DbErr> {
    Ok(T::try_get_many_by_index(row)?)
}

/// The table and the primary key.
pub(super) fn name_of<E: EntityTrait>(row: &QueryResult) -> String {
    let keys = E::PrimaryKey::iter().map(|key| {
        let column = key.into_column();
        let name = column.as_str();
        let text = row.try_get::<String>("", name).ok();
        text.or_else(|| row.try_get::<i64>("", name).ok().map(|number| number.to_string()))
            .or_else(|| row.try_get::<i32>("", name).ok().map(|number| number.to_string()))
            .unwrap_or_else(|| format!("(unreadable {name})"))
    });
    format!("{} {}", E::default().table_name(), keys.collect::<Vec<_>>().join("/"))
}

/// What stands for the row where the table is not known.
fn first_column(row: &QueryResult) -> String {
    let text = row.try_get_by_index::<String>(0).ok();
    text.or_else(|| row.try_get_by_index::<i64>(0).ok().map(|number| number.to_string()))
        .unwrap_or_else(|| "(unreadable id)".to_owned())
}
