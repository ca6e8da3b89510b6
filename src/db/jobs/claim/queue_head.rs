//! Front of the queues: higher priority first, then earlier due, then earlier created.

use crate::{
    db::{
        ANSWER_BYTES, dialect, fitting,
        jobs::claim::claim_size,
        rows::{
            bulk,
            job_rows::{self, Read},
            readable::in_years,
        },
    },
    lifecycle::{next_attempt, version_after},
};
use chrono::{DateTime, Utc};
use entity::job;
use sea_orm::{ConnectionTrait, DbErr, IdenStatic, Iterable, QueryResult, Statement, Value};
use std::collections::{BTreeMap, HashMap};

/// Queued jobs of one type and priority.
#[derive(Clone, Debug)]
pub struct PriorityLevel {
    pub job_type: String,
    pub priority: i16,
    /// Time when the first of them is due.
    pub due_at: DateTime<Utc>,
}

impl PriorityLevel {
    fn of(row: &QueryResult) -> Result<Self, DbErr> {
        // A job whose time cannot be read is left out when the jobs are selected, but those behind
        // it may be due. SQLite compares texts, so that one of the year 12000 is before them.
        let due_at = in_years(row).and_then(|()| row.try_get::<DateTime<Utc>>("", "due_at"));
        let due_at = due_at
            .ok()
            .filter(|due_at| job_rows::YEARS.contains(&due_at.timestamp()));
        let due_at = due_at.unwrap_or(DateTime::UNIX_EPOCH);
        Ok(Self {
            job_type: row.try_get("", "job_type")?,
            priority: row.try_get("", "priority")?,
            due_at,
        })
    }
}

/// Maximum further jobs that a claim examines when some cannot be claimed.
const MAX_SKIPPED: usize = 10_000;

/// Whether the query locks the jobs that it finds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum LockMode {
    /// Locks the jobs, and skips those that another transaction has locked.
    Lock,
    Read,
}

/// Returns the types and priorities that have queued jobs, of these types.
pub async fn priorities(
    db: &impl ConnectionTrait,
    types: &[String],
) -> Result<Vec<PriorityLevel>, DbErr> {
    let backend = db.get_database_backend();
    let list = bulk::list(backend, &texts(types));
    let asked = Statement::from_sql_and_values(
        backend,
        dialect::claims::priorities(backend),
        [list.into()],
    );
    // No readable job has a priority that is not a number.
    Ok(db
        .query_all_raw(asked)
        .await?
        .iter()
        .filter_map(|row| PriorityLevel::of(row).ok())
        .collect())
}

/// Returns the due jobs of these types, in the order of claims.
pub async fn first_due(
    db: &impl ConnectionTrait,
    types: &[String],
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<job::Model>, DbErr> {
    let mut found = Vec::new();
    for (priority, types) in due(priorities(db, types).await?, now) {
        let left = limit - found.len();
        let asked: Vec<_> = types.iter().map(|kind| (kind.as_str(), left)).collect();
        found.extend(select_due(db, priority, now, &asked, left, LockMode::Read).await?);
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}

/// Returns the first due jobs of a priority, with a limit per type. Skips jobs that cannot be
/// claimed: their rows cannot be read, or their counters are at the maximum.
pub(in crate::db) async fn select_due(
    db: &impl ConnectionTrait,
    priority: i16,
    now: DateTime<Utc>,
    types: &[(&str, usize)],
    limit: usize,
    hold: LockMode,
) -> Result<Vec<job::Model>, DbErr> {
    if types.is_empty() {
        return Ok(Vec::new());
    }
    let mut more = 0;
    loop {
        let Read { jobs, rows, .. } =
            job_rows::read(db, statement(db, priority, now, types, limit, more, hold)).await?;
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let mut room: HashMap<&str, usize> = types.iter().copied().collect();
        let mut fits = |job: &job::Model| {
            let left = room
                .get_mut(job.job_type.as_str())
                .filter(|left| **left > 0);
            left.map(|left| *left -= 1).is_some()
        };
        let startable: Vec<_> = jobs.into_iter().filter(can_start).collect();
        let passed = rows - startable.len();
        if passed <= more || more >= MAX_SKIPPED {
            return Ok(startable
                .into_iter()
                .filter(&mut fits)
                .take(limit)
                .collect());
        }
        more = (2 * passed).min(MAX_SKIPPED);
    }
}

/// Returns whether the job's attempt and version can grow by the step of a claim.
fn can_start(job: &job::Model) -> bool {
    next_attempt(job.attempt).is_some() && version_after(job.version, 1).is_some()
}

/// Builds the query for the jobs, and for `more` of them to replace those that cannot be claimed.
fn statement(
    db: &impl ConnectionTrait,
    priority: i16,
    now: DateTime<Utc>,
    types: &[(&str, usize)],
    limit: usize,
    more: usize,
    hold: LockMode,
) -> Statement {
    // A caller that does not claim the jobs needs only short columns.
    let long = |column: &job::Column| {
        use job::Column as C;
        matches!(
            column,
            C::Content
                | C::RequestData
                | C::Context
                | C::ResultData
                | C::UserRequirement
                | C::ErrorMessage
                | C::Labels
        )
    };
    let column = |column: job::Column| {
        if hold == LockMode::Read && long(&column) {
            format!("NULL AS \"{}\"", column.as_str())
        } else {
            format!("\"{}\"", column.as_str())
        }
    };
    let columns: Vec<_> = job::Column::iter().map(column).collect();
    let types: Vec<_> = types
        .iter()
        .map(|(kind, room)| (*kind, room.saturating_add(more)))
        .collect();
    of_columns(
        db,
        priority,
        now,
        &types,
        limit.saturating_add(more),
        &columns.join(", "),
        hold,
    )
}

/// Returns how many of the jobs that [`select_due`] would find fit into the response, and whether some do
/// not. `bytes` is the size of the jobs selected before; the function adds that of the fitting
/// ones. The first job of a response always fits.
pub(in crate::db) async fn fitting_jobs(
    db: &impl ConnectionTrait,
    priority: i16,
    now: DateTime<Utc>,
    types: &[(&str, usize)],
    limit: usize,
    bytes: &mut u64,
) -> Result<(usize, bool), DbErr> {
    if limit < 2 || types.is_empty() {
        return Ok((limit, false));
    }
    let size = claim_size::bytes_of_job(db.get_database_backend());
    let columns = format!("id, run_at, created_at, {size} AS bytes");
    let rows = db
        .query_all_raw(of_columns(
            db,
            priority,
            now,
            types,
            limit,
            &columns,
            LockMode::Lock,
        ))
        .await?;
    let sizes = rows
        .iter()
        .map(|row| row.try_get::<i64>("", "bytes").map(i64::unsigned_abs));
    let sizes = sizes.collect::<Result<Vec<u64>, DbErr>>()?;
    let fit = fitting(
        std::iter::once(*bytes).chain(sizes.iter().copied()),
        ANSWER_BYTES as u64,
    ) - 1;
    let fit = usize::try_from(fit).unwrap_or(usize::MAX);
    let fit = if *bytes == 0 { fit.max(1) } else { fit };
    *bytes += sizes.iter().take(fit).sum::<u64>();
    Ok((fit.min(sizes.len()), fit < sizes.len()))
}

/// Builds the query of [`statement`] with these columns.
fn of_columns(
    db: &impl ConnectionTrait,
    priority: i16,
    now: DateTime<Utc>,
    types: &[(&str, usize)],
    limit: usize,
    columns: &str,
    hold: LockMode,
) -> Statement {
    let backend = db.get_database_backend();
    let rows = |n: usize| Value::BigInt(Some(i64::try_from(n).unwrap_or(i64::MAX)));
    let mut values: Vec<Value> = vec![priority.into(), now.into(), rows(limit)];
    for (kind, room) in types {
        values.extend([Value::from(*kind), rows(limit.min(*room))]);
    }
    let sql = dialect::claims::select_due(backend, types.len(), columns, hold == LockMode::Lock);
    Statement::from_sql_and_values(backend, sql, values)
}

pub(in crate::db) fn texts(types: &[String]) -> Vec<&str> {
    types.iter().map(String::as_str).collect()
}

/// Types with due jobs by priority, highest first.
pub(in crate::db) fn due(
    levels: Vec<PriorityLevel>,
    now: DateTime<Utc>,
) -> Vec<(i16, Vec<String>)> {
    let mut due: BTreeMap<i16, Vec<String>> = BTreeMap::new();
    for level in levels.into_iter().filter(|level| level.due_at <= now) {
        due.entry(level.priority).or_default().push(level.job_type);
    }
    due.into_iter().rev().collect()
}
