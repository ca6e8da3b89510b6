//! What stands first in the queues: higher priority, then earlier due, then earlier created.

use crate::{
    db::{
        bulk, dialect,
        readable::in_years,
        rows::{self, Read},
    },
    lifecycle::{next_attempt, version_after},
};
use chrono::{DateTime, Utc};
use entity::job;
use sea_orm::{ConnectionTrait, DbErr, IdenStatic, Iterable, QueryResult, Statement, Value};
use std::collections::{BTreeMap, HashMap};

/// Queued jobs of one type and priority.
#[derive(Clone, Debug)]
pub struct Level {
    pub job_type: String,
    pub priority: i16,
    /// When the first of them is due.
    pub due_at: DateTime<Utc>,
}

impl Level {
    fn of(row: &QueryResult) -> Result<Self, DbErr> {
        // A job whose time can't be read is passed over when the jobs are picked; those behind it may be due. On SQLite,
        // which compares texts, one of the year 12000 stands before them.
        let due_at = in_years(row).and_then(|()| row.try_get::<DateTime<Utc>>("", "due_at"));
        let due_at = due_at.ok().filter(|due_at| rows::YEARS.contains(&due_at.timestamp()));
        let due_at = due_at.unwrap_or(DateTime::UNIX_EPOCH);
        Ok(Self { job_type: row.try_get("", "job_type")?, priority: row.try_get("", "priority")?, due_at })
    }
}

/// Jobs beyond those that are asked for that a claim looks at, when some can't be given out.
const MOST_PASSED: usize = 10_000;

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
    // A priority that is no number is that of no job that can be read.
    Ok(db.query_all_raw(asked).await?.iter().filter_map(|row| Level::of(row).ok()).collect())
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

/// The first jobs of a priority that are due, of each type at most so many. Jobs that can't be given out are passed over:
/// their rows can't be read, or they have been started as often as is counted.
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
    let mut more = 0;
    loop {
        let Read { jobs, rows, .. } = rows::read(db, statement(db, priority, now, types, limit, more, hold)).await?;
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let mut room: HashMap<&str, usize> = types.iter().copied().collect();
        let mut fits = |job: &job::Model| {
            let left = room.get_mut(job.job_type.as_str()).filter(|left| **left > 0);
            left.map(|left| *left -= 1).is_some()
        };
        let startable: Vec<_> = jobs.into_iter().filter(can_start).collect();
        let passed = rows - startable.len();
        if passed <= more || more >= MOST_PASSED {
            return Ok(startable.into_iter().filter(&mut fits).take(limit).collect());
        }
        more = (2 * passed).min(MOST_PASSED);
    }
}

/// The job can take the step of a claim.
fn can_start(job: &job::Model) -> bool {
    next_attempt(job.attempt).is_some() && version_after(job.version, 1).is_some()
}

/// Asks for the jobs, and for `more` of them in the place of those that can't be given out.
fn statement(
    db: &impl ConnectionTrait,
    priority: i16,
    now: DateTime<Utc>,
    types: &[(&str, usize)],
    limit: usize,
    more: usize,
    hold: Hold,
) -> Statement {
    let backend = db.get_database_backend();
    let columns: Vec<_> = job::Column::iter().map(|column| format!("\"{}\"", column.as_str())).collect();
    let rows = |n: usize| Value::BigInt(Some(i64::try_from(n.saturating_add(more)).unwrap_or(i64::MAX)));
    let mut values: Vec<Value> = vec![priority.into(), now.into(), rows(limit)];
    for (kind, room) in types {
        values.extend([Value::from(*kind), rows(limit.min(*room))]);
    }
    let sql = dialect::claims::pick(backend, types.len(), &columns.join(", "), hold == Hold::Lock);
    Statement::from_sql_and_values(backend, sql, values)
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
