//! Part of a page that is read at once: as many rows as make up about a mebibyte.
//!
//! A first query asks for the sizes of the rows, which reads none of their long values: SQLite
//! finds the length of a value in the header of its row, and PostgreSQL in the place where it
//! stores long ones. So no page is ever in memory as a whole before it is cut.

use crate::db::{dialect, rows::readable};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, QuerySelect,
    QueryTrait, Select,
    sea_query::{ColumnType, Expr, ExprTrait},
};
use std::ops::{Deref, DerefMut};

/// Maximum bytes of rows that are read at once; a larger row is read alone.
pub const PART_BYTES: u64 = 1 << 20;

/// Maximum bytes of a response that lists rows. It ends before the row that would exceed this.
pub const ANSWER_BYTES: usize = 8 << 20;

/// Approximate bytes of a row apart from its long values.
const ROW: u64 = 512;

/// Next rows of a list.
#[derive(Clone, Debug)]
pub struct Part<R> {
    pub rows: Vec<R>,
    /// Whether more rows follow these, even beyond the requested limit.
    pub more: bool,
}

impl<R> Deref for Part<R> {
    type Target = Vec<R>;

    fn deref(&self) -> &Vec<R> {
        &self.rows
    }
}

impl<R> DerefMut for Part<R> {
    fn deref_mut(&mut self) -> &mut Vec<R> {
        &mut self.rows
    }
}

impl<R> IntoIterator for Part<R> {
    type Item = R;
    type IntoIter = std::vec::IntoIter<R>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}

impl<'a, R> IntoIterator for &'a Part<R> {
    type Item = &'a R;
    type IntoIter = std::slice::Iter<'a, R>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.iter()
    }
}

/// Returns the first rows of the query, in its order: at most `limit`, and at most [`PART_BYTES`]
/// in these columns, but at least one if there is any.
pub async fn part<E, M>(
    query: Select<E>,
    limit: u64,
    columns: &[E::Column],
    db: &impl ConnectionTrait,
) -> Result<Part<M>, DbErr>
where
    E: EntityTrait,
    M: FromQueryResult,
{
    let backend = db.get_database_backend();
    let sizes = query
        .clone()
        .select_only()
        .expr_as(bytes_of(backend, columns), "bytes")
        .limit(limit + 1);
    let sizes = sizes_of(db, sizes).await?;
    let fit = Ord::min(fitting(sizes.iter().copied(), PART_BYTES), limit);
    let rows = readable::page(query, fit, db).await?;
    let more = sizes.len() as u64 > fit && rows.len() as u64 == fit;
    Ok(Part { rows, more })
}

/// Runs a query that selects one number as `bytes`, and returns it for each row as a size.
pub async fn sizes_of<E: EntityTrait>(
    db: &impl ConnectionTrait,
    query: Select<E>,
) -> Result<Vec<u64>, DbErr> {
    let mut sizes = query.build(db.get_database_backend());
    if dialect::rows::gathers(sizes.db_backend) {
        sizes.sql = dialect::rows::gather_numbers(&sizes.sql);
        let row = db.query_one_raw(sizes).await?;
        let Some(row) = row else {
            return Ok(Vec::new());
        };
        let text: String = row.try_get_by_index(0)?;
        return serde_json::from_str(&text).map_err(|error| DbErr::Type(error.to_string()));
    }
    let rows = db.query_all_raw(sizes).await?;
    rows.iter()
        .map(|row| row.try_get_by_index::<i64>(0).map(i64::unsigned_abs))
        .collect()
}

/// Counts the leading rows that fit into `most` bytes together; at least one, if there is any.
pub fn fitting(sizes: impl Iterator<Item = u64>, most: u64) -> u64 {
    let mut sum = 0u64;
    let fits = |(i, size): (usize, u64)| {
        sum = sum.saturating_add(size).saturating_add(ROW);
        i == 0 || sum <= most
    };
    sizes.enumerate().map(fits).take_while(|fits| *fits).count() as u64
}

/// Approximate bytes that a row holds in these columns.
pub fn bytes_of<C: ColumnTrait>(backend: DbBackend, columns: &[C]) -> Expr {
    let bytes = |column: &C| {
        let is_json = matches!(
            column.def().get_column_type(),
            ColumnType::Json | ColumnType::JsonBinary
        );
        dialect::rows::bytes(backend, Expr::col(column.as_column_ref()), is_json)
    };
    columns
        .iter()
        .map(bytes)
        .reduce(|sum, one| sum.add(one))
        .unwrap_or_else(|| Expr::val(0i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_taken_until_they_are_large_together_and_one_always() {
        let fit = |sizes: &[u64]| fitting(sizes.iter().copied(), 10_000);
        assert_eq!(fit(&[]), 0);
        assert_eq!(fit(&[1 << 40, 1]), 1);
        assert_eq!(fit(&[4000, 4000, 4000]), 2);
        assert_eq!(fit(&[0; 100]), 19);
        assert_eq!(fit(&[u64::MAX, u64::MAX]), 1);
    }
}
