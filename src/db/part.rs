//! The part of a page that is read at once: so many rows as are about a mebibyte together.
//!
//! How large rows are is asked for first, which reads none of their long values: SQLite finds
//! the length of a value in the head of its row, and PostgreSQL in the place where it keeps long
//! ones. So no page is ever in memory as a whole before it is cut.

use super::{dialect, readable};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, QuerySelect, QueryTrait, Select,
    sea_query::{ColumnType, Expr, ExprTrait},
};
use std::ops::{Deref, DerefMut};

/// Bytes of the rows that are read at once; a row that is larger is read alone.
pub const PART_BYTES: u64 = 1 << 20;

/// Bytes of an answer that lists rows: it ends before the row that would make it larger.
pub const ANSWER_BYTES: usize = 8 << 20;

/// Bytes of a row beside its long values, about.
const ROW: u64 = 512;

/// The next rows of a list.
#[derive(Clone, Debug)]
pub struct Part<R> {
    pub rows: Vec<R>,
    /// There are more rows behind these, whether or not more were asked for.
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

/// The first rows of the query, in its order: `limit` at most, and [`PART_BYTES`] in these
/// columns, but one at least if there is any.
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
    let sizes = query.clone().select_only().expr_as(bytes_of(backend, columns), "bytes").limit(limit + 1);
    let sizes = sizes_of(db, sizes).await?;
    let fit = Ord::min(fitting(sizes.iter().copied(), PART_BYTES), limit);
    let rows = readable::page(query, fit, db).await?;
    let more = sizes.len() as u64 > fit && rows.len() as u64 == fit;
    Ok(Part { rows, more })
}

/// The sizes that a query of one number asks for.
pub async fn sizes_of<E: EntityTrait>(db: &impl ConnectionTrait, query: Select<E>) -> Result<Vec<u64>, DbErr> {
    let rows = db.query_all_raw(query.build(db.get_database_backend())).await?;
    rows.iter().map(|row| row.try_get_by_index::<i64>(0).map(i64::unsigned_abs)).collect()
}

/// How many of the rows, from the first on, are so many bytes together. One at least, if any.
pub fn fitting(sizes: impl Iterator<Item = u64>, most: u64) -> u64 {
    let mut sum = 0u64;
    let fits = |(i, size): (usize, u64)| {
        sum = sum.saturating_add(size).saturating_add(ROW);
        i == 0 || sum <= most
    };
    sizes.enumerate().map(fits).take_while(|fits| *fits).count() as u64
}

/// About how many bytes a row holds in these columns.
pub fn bytes_of<C: ColumnTrait>(backend: DbBackend, columns: &[C]) -> Expr {
    let bytes = |column: &C| {
        let is_json = matches!(column.def().get_column_type(), ColumnType::Json | ColumnType::JsonBinary);
        dialect::rows::bytes(backend, Expr::col(column.as_column_ref()), is_json)
    };
    columns.iter().map(bytes).reduce(|sum, one| sum.add(one)).unwrap_or_else(|| Expr::val(0i64))
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
