//! What stands first in the queues: higher priority, then earlier due, then earlier created.

use crate::db::{bulk, dialect};
use chrono::{DateTime, Utc};
use entity::job;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IdenStatic, Iterable, Statement, Value};
use std::collections::BTreeMap;

/// Queued jobs of one type and priority.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Level {
    pub job_type: String,
    pub priority: i16,
    /// When the first of them is due.
    pub due_at: DateTime<Utc>,
}

/// Whether the jobs that are found are to be given out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// They are locked, and those that another transaction holds are left out.
    Lock,
    Look,
}

/// What waits in the queues of these types.
pub async fn levels(db: &impl ConnectionTrait, types: &[String]) -> Result<Vec<Level>, DbErr> {
    let backend = db.get_database_backend();
    let list = bulk::list(backend, &texts(types));
    let asked = Statement::from_sql_and_values(backend, dialect::claims::levels(backend), [list.into()]);
    Level::find_by_statement(asked).all(db).await
}

/// The jobs that are due of these types, in the order in which claims give them out.
pub async fn first_due(
    db: &impl ConnectionTrait,
    types: &[String],
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<job::Model>, DbErr> {
    let mut found = Vec::new();
    for (priority, types) in due(levels(db, types).await?, now) {
        let left = limit - found.len();
        let asked: Vec<_> = types.iter().map(|kind| (kind.as_str(), left)).collect();
        found.extend(pick(db, priority, now, &asked, left, Hold::Look).await?);
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}

/// The first jobs of a priority that are due, of each type at most so many.
pub(super) async fn pick(
    db: &impl ConnectionTrait,
    priority: i16,
    now: DateTime<Utc>,
    types: &[(&str, usize)],
    limit: usize,
    hold: Hold,
) -> Result<Vec<job::Model>, DbErr> {
    if types.is_empty() {
        return Ok(Vec::new());
    }
    let backend = db.get_database_backend();
    let columns: Vec<_> = job::Column::iter().map(|column| format!("\"{}\"", column.as_str())).collect();
    let rows = |n: usize| Value::BigInt(Some(i64::try_from(n).unwrap_or(i64::MAX)));
    let mut values: Vec<Value> = vec![priority.into(), now.into(), rows(limit)];
    for (kind, room) in types {
        values.extend([Value::from(*kind), rows(limit.min(*room))]);
    }
    let sql = dialect::claims::pick(backend, types.len(), &columns.join(", "), hold == Hold::Lock);
    job::Entity::find().from_raw_sql(Statement::from_sql_and_values(backend, sql, values)).all(db).await
}

pub(super) fn texts(types: &[String]) -> Vec<&str> {
    types.iter().map(String::as_str).collect()
}

/// Types with jobs that are due, by priority, highest first.
pub(super) fn due(levels: Vec<Level>, now: DateTime<Utc>) -> Vec<(i16, Vec<String>)> {
    let mut due: BTreeMap<i16, Vec<String>> = BTreeMap::new();
    for level in levels.into_iter().filter(|level| level.due_at <= now) {
        due.entry(level.priority).or_default().push(level.job_type);
    }
    due.into_iter().rev().collect()
}
