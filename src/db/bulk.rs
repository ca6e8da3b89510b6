//! Many rows by as few statements as there can be, and statements of as few shapes as there can be, so that each is
//! prepared once.
//!
//! On PostgreSQL a statement of many VALUES is planned anew each time and costs more than the insert itself; here each
//! column goes as one array literal, so that one statement of one shape serves any number of rows. On SQLite, where no
//! array is known, rows go by powers of two. Columns that are null in every row are left out.

use super::{Tx, dialect};
use futures_util::future::join;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IdenStatic, IntoActiveModel,
    Iterable, ModelTrait, PrimaryKeyToColumn, PrimaryKeyTrait, QueryResult, Statement, Value, sea_query::Expr,
};
use std::borrow::Borrow;

/// Values of one statement on SQLite: it takes 32,766, but a smaller text is found faster among the prepared ones.
const MOST_VALUES: usize = 4096;

/// Inserts the rows. A key that counts by itself is left to the database.
pub async fn insert<E, A>(tx: &Tx, rows: &[impl Borrow<E::Model> + Sync]) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + Send,
{
    run(inserts::<E>(tx.get_database_backend(), rows, ""), |statement| tx.execute_raw(statement), |_| Ok(())).await
}

/// Inserts the rows in whose way nothing is (same key, same unique value), and answers with the texts in the first
/// column of those that it inserted.
pub async fn insert_unless_there<E, A>(tx: &Tx, rows: &[impl Borrow<E::Model> + Sync]) -> Result<Vec<String>, DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + Send,
{
    let Some(first) = E::Column::iter().next() else { return Ok(Vec::new()) };
    let end = format!(" ON CONFLICT DO NOTHING RETURNING \"{}\"", first.as_str());
    let mut inserted = Vec::with_capacity(rows.len());
    let take = |rows: Vec<QueryResult>| {
        for row in rows {
            inserted.push(row.try_get_by_index(0)?);
        }
        Ok(())
    };
    run(inserts::<E>(tx.get_database_backend(), rows, &end), |statement| tx.query_all_raw(statement), take).await?;
    Ok(inserted)
}

/// Sets the columns of each row that has the values in the key columns, which come first in `columns`.
pub async fn update<E: EntityTrait>(
    tx: &Tx,
    keys: usize,
    columns: &[E::Column],
    rows: &[impl Borrow<E::Model> + Sync],
) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    let table = E::default();
    let named = named::<E>(columns);
    let sql = move |rows| dialect::rows::update_rows(backend, table.table_name(), &named, keys, rows);
    let statements = statements::<E>(backend, columns.to_vec(), rows, sql);
    run(statements, |statement| tx.execute_raw(statement), |_| Ok(())).await
}

/// Runs the statements one after the other; while the database is at one, the next is made.
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
    let columns: Vec<E::Column> = E::Column::iter().filter(|column| !counted(column) && filled(column)).collect();
    let table = E::default();
    let named = named::<E>(&columns);
    statements::<E>(backend, columns, rows, move |rows| {
        dialect::rows::insert_rows(backend, table.table_name(), &named, rows) + end
    })
}

/// The columns with the types of their elements.
fn named<E: EntityTrait>(columns: &[E::Column]) -> Vec<(String, &'static str)> {
    columns.iter().map(|c| (c.as_str().to_owned(), dialect::rows::type_name(c.def().get_column_type()))).collect()
}

/// The statements that take these columns of all rows, each made when it is asked for: the values of a large batch take
/// more memory than its rows. `sql` gives the text of one for so many rows.
fn statements<'a, E: EntityTrait>(
    backend: DbBackend,
    columns: Vec<E::Column>,
    rows: &'a [impl Borrow<E::Model> + Sync],
    sql: impl Fn(usize) -> String + Send + 'a,
) -> impl Iterator<Item = Statement> + Send + 'a {
    let arrays = dialect::rows::takes_arrays(backend);
    let most = if arrays { usize::MAX } else { (MOST_VALUES / columns.len().max(1)).max(1) };
    let mut left = if columns.is_empty() { &[] } else { rows };
    std::iter::from_fn(move || {
        let some = most.min(left.len());
        let some = if arrays { some } else { 1 << some.checked_ilog2()? };
        let (now, later) = left.split_at_checked(some).filter(|(now, _)| !now.is_empty())?;
        left = later;
        let of = |column: E::Column| now.iter().map(move |row| row.borrow().get(column));
        let values: Vec<Value> = match arrays {
            true => columns.iter().map(|column| array(of(*column)).into()).collect(),
            false => now.iter().flat_map(|row| columns.iter().map(|column| row.borrow().get(*column))).collect(),
        };
        Some(Statement::from_sql_and_values(backend, sql(now.len()), values))
    })
}

/// Whether the text column holds one of the texts, in one shape of statement whatever their number.
pub fn is_one_of(backend: DbBackend, column: Expr, texts: &[&str]) -> Expr {
    dialect::is_one_of(backend, column, list(backend, texts))
}

/// The texts as one value, which a statement takes apart again.
pub fn list(backend: DbBackend, texts: &[&str]) -> String {
    match dialect::rows::takes_arrays(backend) {
        true => array(texts.iter().map(|text| Value::from(*text))),
        false => serde_json::Value::from(texts.to_vec()).to_string(),
    }
}

/// `{1,NULL,"text"}`: the text of an array.
fn array(values: impl Iterator<Item = Value>) -> String {
    let mut text = String::from("{");
    for value in values {
        if text.len() > 1 {
            text.push(',');
        }
        element(value, &mut text);
    }
    text.push('}');
    text
}

fn element(value: Value, text: &mut String) {
    match value {
        Value::String(Some(s)) => quoted(&s, text),
        Value::Json(Some(json)) => quoted(&json.to_string(), text),
        Value::ChronoDateTimeUtc(Some(time)) => quoted(&time.to_rfc3339(), text),
        Value::SmallInt(Some(n)) => text.push_str(&n.to_string()),
        Value::Int(Some(n)) => text.push_str(&n.to_string()),
        Value::BigInt(Some(n)) => text.push_str(&n.to_string()),
        Value::Double(Some(n)) => text.push_str(&n.to_string()),
        // Other kinds of columns there are none: a test inserts every column that there is.
        _ => text.push_str("NULL"),
    }
}

fn quoted(value: &str, text: &mut String) {
    text.reserve(value.len() + 2);
    text.push('"');
    for part in value.split_inclusive(['"', '\\']) {
        match part.strip_suffix(['"', '\\']) {
            Some(plain) => {
                text.push_str(plain);
                text.push('\\');
                text.push_str(&part[plain.len()..]);
            }
            None => text.push_str(part),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_array_means_by_itself_is_escaped() {
        let values = ["a", "", "NULL", r#"{"b": "c\d"},"#].map(Value::from);
        let text = array(values.into_iter().chain([Value::String(None), 7i32.into(), 0.1f64.into()]));
        assert_eq!(text, r#"{"a","","NULL","{\"b\": \"c\\d\"},",NULL,7,0.1}"#);
    }
}
