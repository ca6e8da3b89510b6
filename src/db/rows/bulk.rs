//! Bulk inserts and updates: few statements per batch, of few distinct texts, so that each is
//! prepared once.
//!
//! PostgreSQL plans a statement with many VALUES anew each time, which costs more than the insert
//! itself. Here each column is bound as one array literal, so that one statement text serves any
//! number of rows. SQLite has no arrays; there the rows are inserted in chunks whose sizes are
//! powers of two. Inserts leave out columns that are null in every row.

use super::array::array;
use crate::db::{Tx, dialect};
use futures_util::future::join;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IdenStatic,
    IntoActiveModel, Iterable, ModelTrait, PrimaryKeyToColumn, PrimaryKeyTrait, QueryResult,
    Statement, Value, sea_query::Expr,
};
use std::borrow::Borrow;

/// Maximum bound values per statement on SQLite. SQLite allows 32,766, but a shorter text is found
/// faster among the prepared statements.
const MAX_VALUES: usize = 4096;

/// Inserts the rows. The database assigns an auto-increment key.
pub async fn insert<E, A>(tx: &Tx, rows: &[impl Borrow<E::Model> + Sync]) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + Send,
{
    run(
        inserts::<E>(tx.get_database_backend(), rows, ""),
        |statement| tx.execute_raw(statement),
        |_| Ok(()),
    )
    .await
}

/// Inserts the rows that conflict with no existing row (same key or unique value). Returns the text
/// in the first column of each inserted row.
pub async fn insert_unless_there<E, A>(
    tx: &Tx,
    rows: &[impl Borrow<E::Model> + Sync],
) -> Result<Vec<String>, DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + Send,
{
    let Some(first) = E::Column::iter().next() else {
        return Ok(Vec::new());
    };
    let end = format!(" ON CONFLICT DO NOTHING RETURNING \"{}\"", first.as_str());
    let mut inserted = Vec::with_capacity(rows.len());
    let take = |rows: Vec<QueryResult>| {
        for row in rows {
            inserted.push(row.try_get_by_index(0)?);
        }
        Ok(())
    };
    run(
        inserts::<E>(tx.get_database_backend(), rows, &end),
        |statement| tx.query_all_raw(statement),
        take,
    )
    .await?;
    Ok(inserted)
}

/// Updates the columns of each row that matches the key columns. The first `keys` columns of
/// `columns` are the key.
pub async fn update<E: EntityTrait>(
    tx: &Tx,
    keys: usize,
    columns: &[E::Column],
    rows: &[impl Borrow<E::Model> + Sync],
) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    let table = E::default();
    let named = named::<E>(columns);
    let sql =
        move |rows| dialect::rows::update_rows(backend, table.table_name(), &named, keys, rows);
    let statements = statements::<E>(backend, columns.to_vec(), rows, sql);
    run(
        statements,
        |statement| tx.execute_raw(statement),
        |_| Ok(()),
    )
    .await
}

/// Runs the statements in order, and builds the next one while the database runs the current one.
async fn run<T, F: Future<Output = Result<T, DbErr>>>(
    mut statements: impl Iterator<Item = Statement> + Send,
    ask: impl Fn(Statement) -> F,
    mut take: impl FnMut(T) -> Result<(), DbErr>,
) -> Result<(), DbErr> {
    let mut next = statements.next();
    while let Some(statement) = next {
        let (answer, following) = join(ask(statement), async { statements.next() }).await;
        take(answer?)?;
        next = following;
    }
    Ok(())
}

fn inserts<'a, E: EntityTrait>(
    backend: DbBackend,
    rows: &'a [impl Borrow<E::Model> + Sync],
    end: &'a str,
) -> impl Iterator<Item = Statement> + Send + 'a {
    let counted = |column: &E::Column| {
        E::PrimaryKey::auto_increment()
            && E::PrimaryKey::iter().any(|key| key.into_column().as_str() == column.as_str())
    };
    let filled = |column: &E::Column| {
        let mut values = rows.iter().map(|row| row.borrow().get(*column));
        values.any(|value| value != value.as_null())
    };
    let columns: Vec<E::Column> = E::Column::iter()
        .filter(|column| !counted(column) && filled(column))
        .collect();
    let table = E::default();
    let named = named::<E>(&columns);
    statements::<E>(backend, columns, rows, move |rows| {
        dialect::rows::insert_rows(backend, table.table_name(), &named, rows) + end
    })
}

/// Returns the names of the columns with the type names of their elements.
fn named<E: EntityTrait>(columns: &[E::Column]) -> Vec<(String, &'static str)> {
    columns
        .iter()
        .map(|c| {
            (
                c.as_str().to_owned(),
                dialect::rows::type_name(c.def().get_column_type()),
            )
        })
        .collect()
}

/// Builds the statements that cover these columns of all rows. Each is built on demand, because the
/// bound values of a large batch take more memory than its rows. `sql` returns the statement text
/// for a number of rows.
fn statements<'a, E: EntityTrait>(
    backend: DbBackend,
    columns: Vec<E::Column>,
    rows: &'a [impl Borrow<E::Model> + Sync],
    sql: impl Fn(usize) -> String + Send + 'a,
) -> impl Iterator<Item = Statement> + Send + 'a {
    let arrays = dialect::rows::takes_arrays(backend);
    let most = if arrays {
        usize::MAX
    } else {
        (MAX_VALUES / columns.len().max(1)).max(1)
    };
    let mut left = if columns.is_empty() { &[] } else { rows };
    std::iter::from_fn(move || {
        let some = most.min(left.len());
        let some = if arrays {
            some
        } else {
            1 << some.checked_ilog2()?
        };
        let (now, later) = left
            .split_at_checked(some)
            .filter(|(now, _)| !now.is_empty())?;
        left = later;
        let of = |column: E::Column| now.iter().map(move |row| row.borrow().get(column));
        let values: Vec<Value> = if arrays {
            columns
                .iter()
                .map(|column| array(of(*column)).into())
                .collect()
        } else {
            now.iter()
                .flat_map(|row| columns.iter().map(|column| row.borrow().get(*column)))
                .collect()
        };
        Some(Statement::from_sql_and_values(
            backend,
            sql(now.len()),
            values,
        ))
    })
}

/// Condition that the text column equals one of the texts. The statement text is the same for any
/// number of them.
pub fn is_one_of(backend: DbBackend, column: Expr, texts: &[&str]) -> Expr {
    dialect::is_one_of(backend, column, list(backend, texts))
}

/// Encodes the texts as one bound value: an array literal on PostgreSQL, a JSON array on SQLite.
pub fn list(backend: DbBackend, texts: &[&str]) -> String {
    if dialect::rows::takes_arrays(backend) {
        array(texts.iter().map(|text| Value::from(*text)))
    } else {
        serde_json::Value::from(texts.to_vec()).to_string()
    }
}
