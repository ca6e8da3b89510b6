//! Sets of rows by one statement of one text, however many they are: a text for each number would be planned anew each
//! time.

use super::import::bulk;
use crate::db::dialect;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IdenStatic, ModelTrait, Statement, Value,
    sea_query::Expr,
};
use serde_json::Map;

/// The text column holds one of these.
pub fn one_of<S: AsRef<str>>(backend: DbBackend, column: &str, values: &[S]) -> Expr {
    dialect::one_of(backend, column, "text", texts(backend, values))
}

/// The integer column holds one of these.
pub fn one_of_numbers(backend: DbBackend, column: &str, values: &[i32]) -> Expr {
    let list = match dialect::takes_arrays(backend) {
        true => bulk::array(values.iter().map(|n| Value::Int(Some(*n)))),
        false => serde_json::Value::from(values).to_string(),
    };
    dialect::one_of(backend, column, "integer", list)
}

/// The texts as one value, of which [`dialect::one_of`] and the statements of `dialect::claims` make rows.
pub fn texts<S: AsRef<str>>(backend: DbBackend, values: &[S]) -> String {
    match dialect::takes_arrays(backend) {
        true => bulk::array(values.iter().map(|text| Value::from(text.as_ref()))),
        false => values.iter().map(AsRef::as_ref).collect::<serde_json::Value>().to_string(),
    }
}

/// Writes these columns of the rows, which are found by their keys.
pub async fn update<E: EntityTrait>(
    tx: &impl ConnectionTrait,
    keys: &[E::Column],
    columns: &[E::Column],
    rows: &[E::Model],
) -> Result<(), DbErr> {
    if rows.is_empty() {
        return Ok(());
    }
    let backend = tx.get_database_backend();
    let typed = |column: &E::Column| (name(column), dialect::type_name(column.def().get_column_type()));
    let typed = |columns: &[E::Column]| columns.iter().map(typed).collect::<Vec<_>>();
    let sql = dialect::update_rows(backend, E::default().table_name(), &typed(keys), &typed(columns));
    let all = || keys.iter().chain(columns);
    let values: Vec<Value> = match dialect::takes_arrays(backend) {
        true => all().map(|column| bulk::array(rows.iter().map(|row| row.get(*column))).into()).collect(),
        false => vec![json(all, rows).into()],
    };
    tx.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    Ok(())
}

/// The rows as a list of objects; what is null is left out.
fn json<'a, C: IdenStatic + ColumnTrait + 'a, M, I>(columns: impl Fn() -> I, rows: &[M]) -> String
where
    I: Iterator<Item = &'a C>,
    M: ModelTrait,
    M::Entity: EntityTrait<Column = C>,
{
    let object = |row: &M| {
        let members: Map<String, serde_json::Value> =
            columns().filter_map(|column| Some((name(column), member(row.get(*column))?))).collect();
        serde_json::Value::Object(members)
    };
    rows.iter().map(object).collect::<serde_json::Value>().to_string()
}

/// `None` for null, and for kinds of columns that are never written by the set.
fn member(value: Value) -> Option<serde_json::Value> {
    Some(match value {
        Value::String(text) => text?.into(),
        Value::Json(json) => *json?,
        // As the driver writes it, so that times compare as texts.
        Value::ChronoDateTimeUtc(time) => time?.to_rfc3339().into(),
        Value::SmallInt(n) => n?.into(),
        Value::Int(n) => n?.into(),
        Value::BigInt(n) => n?.into(),
        Value::Double(n) => n?.into(),
        _ => return None,
    })
}

fn name(column: &impl IdenStatic) -> String {
    column.as_str().to_owned()
}
