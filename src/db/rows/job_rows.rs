//! Decodes rows into jobs by the position of each column, because finding 46 columns by name costs
//! more than reading them.
//!
//! sqlx runs SQLite on a separate thread, which sends one row at a time and copies each of its
//! values; for a page this costs far more than SQLite itself. There the rows of a query are
//! gathered into one JSON text, which the thread sends once.

use crate::{
    db::{
        dialect,
        rows::readable::{Decoded, decode},
    },
    error::{Error, Result as Answer},
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, job};
use sea_orm::{
    ActiveEnum, ConnectionTrait, DbErr, QueryResult, QuerySelect, QueryTrait, Select, Statement,
    TryGetable, prelude::Json,
};
use serde_json::Value;
use std::collections::HashSet;

/// Jobs that a query returned.
pub struct Read {
    pub jobs: Vec<job::Model>,
    /// Ids of the jobs whose rows could not be decoded.
    pub unreadable: HashSet<String>,
    /// Number of rows that the database returned, readable or not.
    pub rows: u64,
}

/// Returns the jobs of a query that selects all columns in the order of the entity, without
/// unreadable ones.
pub async fn jobs(
    db: &impl ConnectionTrait,
    query: Select<job::Entity>,
) -> Result<Vec<job::Model>, DbErr> {
    Ok(read(db, query.build(db.get_database_backend())).await?.jobs)
}

/// Returns the first `limit` readable jobs behind `offset`; fewer only if no more follow. The query
/// selects all columns in the order of the entity.
pub async fn page(
    db: &impl ConnectionTrait,
    query: Select<job::Entity>,
    offset: u64,
    limit: u64,
) -> Result<Vec<job::Model>, DbErr> {
    let backend = db.get_database_backend();
    let (mut page, mut behind, mut step) = (Vec::new(), offset, limit);
    loop {
        let mut part = query.clone().limit(step);
        if behind > 0 {
            part = part.offset(behind);
        }
        let Read { jobs, rows, .. } = read(db, part.build(backend)).await?;
        page.extend(jobs);
        page.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        if page.len() as u64 >= limit || rows < step {
            return Ok(page);
        }
        behind += step;
        step = step.saturating_mul(2).min(limit.max(MAX_ROWS));
    }
}

/// Maximum rows per query while a page replaces unreadable jobs, unless its limit is higher.
const MAX_ROWS: u64 = 1000;

/// Returns the only job of a query.
///
/// Errors: `internal_error`, if its row cannot be read.
pub async fn one_job(
    db: &impl ConnectionTrait,
    query: Select<job::Entity>,
) -> Answer<Option<job::Model>> {
    let Read {
        mut jobs,
        unreadable,
        ..
    } = read(db, query.build(db.get_database_backend())).await?;
    match (jobs.pop(), unreadable.into_iter().next()) {
        (None, Some(id)) => Err(Error::Unreadable(id)),
        (job, _) => Ok(job),
    }
}

/// Runs a statement that selects all columns in the order of the entity. Returns the jobs, and the
/// ids of unreadable ones.
pub async fn read(db: &impl ConnectionTrait, asked: Statement) -> Result<Read, DbErr> {
    if dialect::rows::gathers(asked.db_backend)
        && let Some(jobs) = gathered(db, &asked).await?
    {
        return Ok(Read {
            rows: jobs.len() as u64,
            jobs,
            unreadable: HashSet::new(),
        });
    }
    let rows = db.query_all_raw(asked).await?;
    let id = |row: &QueryResult| {
        row.try_get_by_index::<String>(0)
            .unwrap_or_else(|_| "(unreadable id)".to_owned())
    };
    let read = |row: &QueryResult| job(&mut ByIndex { row, next: 0 });
    let Decoded {
        read: jobs,
        unreadable,
    } = decode(&rows, read, |row| format!("{TABLE} {}", id(row)));
    let unreadable = unreadable
        .into_iter()
        .map(|name| name[TABLE.len() + 1..].to_owned())
        .collect();
    Ok(Read {
        jobs,
        unreadable,
        rows: rows.len() as u64,
    })
}

const TABLE: &str = "video_generation_jobs";

/// Reads the rows as one JSON text. Returns `None` if a value is not in the form that Callsheet
/// writes, such as a blob or a time in another format. The caller then decodes the rows one by one,
/// which accepts more forms.
async fn gathered(
    db: &impl ConnectionTrait,
    asked: &Statement,
) -> Result<Option<Vec<job::Model>>, DbErr> {
    let sql = dialect::rows::gather(&asked.sql);
    let gather = Statement {
        sql,
        values: asked.values.clone(),
        db_backend: asked.db_backend,
    };
    let text = match db.query_one_raw(gather).await {
        Ok(row) => row.and_then(|row| row.try_get_by_index::<String>(0).ok()),
        Err(error) if dialect::rows::cannot_gather(&error) => None,
        Err(error) => return Err(error),
    };
    let rows = text.and_then(|text| serde_json::from_str::<Vec<Vec<Value>>>(&text).ok());
    let job = |row: Vec<Value>| job(&mut row.into_iter()).ok();
    Ok(rows.and_then(|rows| rows.into_iter().map(job).collect()))
}

fn job(columns: &mut impl Columns) -> Result<job::Model, DbErr> {
    let job = job::Model {
        id: columns.next()?,
        job_type: columns.next()?,
        mode: columns.next()?,
        content: columns.next()?,
        user_requirement: columns.next()?,
        style: columns.next()?,
        project_title: columns.next()?,
        request_data: columns.next()?,
        context: columns.next()?,
        working_dir: columns.next()?,
        episode_id: columns.next()?,
        series_id: columns.next()?,
        priority: columns.next()?,
        run_at: columns.next()?,
        max_attempts: columns.next()?,
        labels: columns.next()?,
        idempotency_key: columns.next()?,
        idempotency_fingerprint: columns.next()?,
        source: columns.next()?,
        source_status: columns.next()?,
        max_run_seconds: columns.next()?,
        webhook: columns.next()?,
        status: columns.next()?,
        progress: columns.next()?,
        current_stage: columns.next()?,
        result_data: columns.next()?,
        error_message: columns.next()?,
        total_shots: columns.next()?,
        completed_shots: columns.next()?,
        created_at: columns.next()?,
        created_by: columns.next()?,
        updated_at: columns.next()?,
        started_at: columns.next()?,
        completed_at: columns.next()?,
        attempt: columns.next()?,
        worker_id: columns.next()?,
        lease_token: columns.next()?,
        lease_expires_at: columns.next()?,
        cancel_requested_at: columns.next()?,
        version: columns.next()?,
        status_since: columns.next()?,
        last_lease_token: columns.next()?,
        claim_id: columns.next()?,
        last_heard_at: columns.next()?,
        unheard_claims: columns.next()?,
        run_until: columns.next()?,
        holds: columns.next()?,
    };
    in_years(&job)
        .then_some(job)
        .ok_or_else(|| DbErr::Type("a time is outside the years 1 to 9999".to_owned()))
}

/// Checks that all times of the job lie in the years 1 to 9999: SQLite holds any text for a time,
/// and chrono reads years of five digits.
fn in_years(job: &job::Model) -> bool {
    let optional = [
        job.run_at,
        job.started_at,
        job.completed_at,
        job.lease_expires_at,
        job.cancel_requested_at,
        job.status_since,
        job.last_heard_at,
        job.run_until,
    ];
    let mut times = [job.created_at, job.updated_at]
        .into_iter()
        .chain(optional.into_iter().flatten());
    times.all(|time| YEARS.contains(&time.timestamp()))
}

/// Range of the years 1 to 9999, in seconds since 1970.
pub const YEARS: std::ops::Range<i64> = -62_135_596_800..253_402_300_800;

/// Values of a row, in the order of its columns.
trait Columns {
    fn next<T: Field>(&mut self) -> Result<T, DbErr>;
}

struct ByIndex<'a> {
    row: &'a QueryResult,
    next: usize,
}

impl Columns for ByIndex<'_> {
    fn next<T: Field>(&mut self) -> Result<T, DbErr> {
        let place = self.next;
        self.next += 1;
        self.row.try_get_by_index(place)
    }
}

impl Columns for std::vec::IntoIter<Value> {
    fn next<T: Field>(&mut self) -> Result<T, DbErr> {
        Iterator::next(self)
            .and_then(T::of)
            .ok_or_else(|| DbErr::Type("the value does not have the expected JSON form".to_owned()))
    }
}

/// Type of a column's value.
trait Field: TryGetable {
    /// Converts the value; `None` if it is not in the form that [`dialect::rows::gather`] produces.
    fn of(value: Value) -> Option<Self>;
}

impl Field for String {
    fn of(value: Value) -> Option<Self> {
        if let Value::String(text) = value {
            Some(text)
        } else {
            None
        }
    }
}

impl<T: Field> Field for Option<T> {
    fn of(value: Value) -> Option<Self> {
        if value.is_null() {
            Some(None)
        } else {
            T::of(value).map(Some)
        }
    }
}

impl Field for Json {
    fn of(value: Value) -> Option<Self> {
        serde_json::from_str(value.as_str()?).ok()
    }
}

impl Field for DateTime<Utc> {
    fn of(value: Value) -> Option<Self> {
        Some(DateTime::parse_from_rfc3339(value.as_str()?).ok()?.to_utc())
    }
}

impl Field for JobStatus {
    fn of(value: Value) -> Option<Self> {
        Self::try_from_value(&String::of(value)?).ok()
    }
}

impl Field for f64 {
    fn of(value: Value) -> Option<Self> {
        value.as_str()?.parse().ok()
    }
}

impl Field for i64 {
    fn of(value: Value) -> Option<Self> {
        value.as_i64()
    }
}

impl Field for i32 {
    fn of(value: Value) -> Option<Self> {
        value.as_i64()?.try_into().ok()
    }
}

impl Field for i16 {
    fn of(value: Value) -> Option<Self> {
        value.as_i64()?.try_into().ok()
    }
}
