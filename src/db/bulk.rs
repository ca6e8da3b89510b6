//! Many rows by as few statements as there can be, and statements of as few shapes as there can be, so that each is
//! prepared once.
//!
//! On PostgreSQL a statement of many VALUES is planned anew each time and costs more than the insert itself; here each
//! column goes as one array literal, so that one statement of one shape serves any number of rows. On SQLite, where no
//! array is known, rows go by powers of two. Columns that are null in every row are left out.

use super::{Tx, dialect};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IdenStatic, IntoActiveModel,
    Iterable, ModelTrait, PrimaryKeyToColumn, PrimaryKeyTrait, Statement, Value, sea_query::Expr,
};
use std::borrow::Borrow;

/// Values of one statement on SQLite: it takes 32,766, but a smaller text is found faster among the prepared ones.
const MOST_VALUES: usize = 4096;

/// Inserts the rows. A key that counts by itself is left to the database.
pub async fn insert<E, A>(tx: &Tx, rows: &[impl Borrow<E::Model>]) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + Send,
{
    for statement in inserts::<E>(tx.get_database_backend(), rows, "") {
        tx.execute_raw(statement).await?;
    }
    Ok(())
}

/// Inserts the rows in whose way nothing is (same key, same unique value), and answers with the texts in the first
/// column of those that it inserted.
pub async fn insert_unless_there<E, A>(tx: &Tx, rows: &[impl Borrow<E::Model>]) -> Result<Vec<String>, DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + Send,
{
    let Some(first) = E::Column::iter().next() else { return Ok(Vec::new()) };
    let end = format!(" ON CONFLICT DO NOTHING RETURNING \"{}\"", first.as_str());
    let mut inserted = Vec::with_capacity(rows.len());
    for statement in inserts::<E>(tx.get_database_backend(), rows, &end) {
        for row in tx.query_all_raw(statement).await? {
            inserted.push(row.try_get_by_index(0)?);
        }
    }
    Ok(inserted)
}

/// Sets the columns of each row that has the values in the key columns, which come first in `columns`.
pub async fn update<E: EntityTrait>(
    tx: &Tx,
    keys: usize,
    columns: &[E::Column],
    rows: &[impl Borrow<E::Model>],
) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    let table = E::default();
    let named = named::<E>(columns);
    let sql = |rows| dialect::update_rows(backend, table.table_name(), &named, keys, rows);
    for statement in statements::<E>(backend, columns, rows, sql) {
        tx.execute_raw(statement).await?;
    }
    Ok(())
}

fn inserts<E: EntityTrait>(backend: DbBackend, rows: &[impl Borrow<E::Model>], end: &str) -> Vec<Statement> {
    let counted = |column: &E::Column| {
        E::PrimaryKey::auto_increment()
            && E::PrimaryKey::iter().any(|key| key.into_column().as_str() == column.as_str())
    };
    let filled = |column: &E::Column| rows.iter().any(|row| !is_null(&row.borrow().get(*column)));
    let columns: Vec<E::Column> = E::Column::iter().filter(|column| !counted(column) && filled(column)).collect();
    let table = E::default();
    let named = named::<E>(&columns);
    let sql = |rows| dialect::insert_rows(backend, table.table_name(), &named, rows) + end;
    statements::<E>(backend, &columns, rows, sql)
}

/// The columns with the types of their elements.
fn named<E: EntityTrait>(columns: &[E::Column]) -> Vec<(String, &'static str)> {
    columns.iter().map(|c| (c.as_str().to_owned(), dialect::type_name(c.def().get_column_type()))).collect()
}

/// The statements that take the values of all rows; `sql` gives the text of one for so many rows.
fn statements<E: EntityTrait>(
    backend: DbBackend,
    columns: &[E::Column],
    rows: &[impl Borrow<E::Model>],
    sql: impl Fn(usize) -> String,
) -> Vec<Statement> {
    if rows.is_empty() || columns.is_empty() {
        return Vec::new();
    }
    if dialect::takes_arrays(backend) {
        let arrays = columns.iter().map(|column| array(rows.iter().map(|row| row.borrow().get(*column))).into());
        return vec![Statement::from_sql_and_values(backend, sql(rows.len()), arrays)];
    }
    let values = |rows: &[_]| -> Vec<Value> { rows.iter().flat_map(|row: &_| of_row::<E>(row, columns)).collect() };
    let mut statements = Vec::new();
    let mut rest = rows;
    while !rest.is_empty() {
        let most = (MOST_VALUES / columns.len()).clamp(1, rest.len());
        let (some, others) = rest.split_at(1 << most.ilog2());
        statements.push(Statement::from_sql_and_values(backend, sql(some.len()), values(some)));
        rest = others;
    }
    statements
}

fn of_row<E: EntityTrait>(row: &impl Borrow<E::Model>, columns: &[E::Column]) -> Vec<Value> {
    columns.iter().map(|column| row.borrow().get(*column)).collect()
}

fn is_null(value: &Value) -> bool {
    *value == value.as_null()
}

/// Whether the text column holds one of the texts, in one shape of statement whatever their number.
pub fn is_one_of(backend: DbBackend, column: Expr, texts: &[&str]) -> Expr {
    dialect::is_one_of(backend, column, list(backend, texts))
}

/// The texts as one value, which a statement takes apart again.
pub fn list(backend: DbBackend, texts: &[&str]) -> String {
    match dialect::takes_arrays(backend) {
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
