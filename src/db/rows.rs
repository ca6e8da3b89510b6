//! Rows to jobs, by the position of each column: finding 39 columns by name costs more than reading them.
//!
//! SQLite lives on a thread of its own, which hands over one row at a time and copies each of its values: a page of 50 took
//! 1.4 ms, of which SQLite itself needed a tenth. There the rows of a query are gathered into one text of JSON, which is
//! handed over once.

use super::dialect;
use chrono::{DateTime, Utc};
use entity::{JobStatus, job};
use sea_orm::{
    ActiveEnum, ConnectionTrait, DbErr, QueryResult, QueryTrait, Select, Statement, TryGetable, prelude::Json,
};
use serde_json::Value;

/// The jobs of a query that selects all columns in the order of the entity.
pub async fn jobs(db: &impl ConnectionTrait, query: Select<job::Entity>) -> Result<Vec<job::Model>, DbErr> {
    let asked = query.build(db.get_database_backend());
    if dialect::rows::gathers(asked.db_backend)
        && let Some(jobs) = gathered(db, &asked).await?
    {
        return Ok(jobs);
    }
    let rows = db.query_all_raw(asked).await?;
    rows.iter().map(|row| job(&mut ByPlace { row, next: 0 })).collect()
}

/// None when something in the rows is not as Callsheet writes it: a time in another form, a blob. They are read one by one
/// then, which understands more.
async fn gathered(db: &impl ConnectionTrait, asked: &Statement) -> Result<Option<Vec<job::Model>>, DbErr> {
    let sql = dialect::rows::gather(&asked.sql);
    let gather = Statement { sql, values: asked.values.clone(), db_backend: asked.db_backend };
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
    Ok(job::Model {
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
        status: columns.next()?,
        progress: columns.next()?,
        current_stage: columns.next()?,
        result_data: columns.next()?,
        error_message: columns.next()?,
        total_shots: columns.next()?,
        completed_shots: columns.next()?,
        created_at: columns.next()?,
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
    })
}

/// The values of a row, one after the other.
trait Columns {
    fn next<T: Field>(&mut self) -> Result<T, DbErr>;
}

struct ByPlace<'a> {
    row: &'a QueryResult,
    next: usize,
}

impl Columns for ByPlace<'_> {
    fn next<T: Field>(&mut self) -> Result<T, DbErr> {
        let place = self.next;
        self.next += 1;
        self.row.try_get_by_index(place)
    }
}

impl Columns for std::vec::IntoIter<Value> {
    fn next<T: Field>(&mut self) -> Result<T, DbErr> {
        Iterator::next(self).and_then(T::of).ok_or_else(|| DbErr::Type("not as it is written".to_owned()))
    }
}

/// What a column holds.
trait Field: TryGetable {
    /// None when it is not as [`dialect::rows::gather`] gives it.
    fn of(value: Value) -> Option<Self>;
}

impl Field for String {
    fn of(value: Value) -> Option<Self> {
        if let Value::String(text) = value { Some(text) } else { None }
    }
}

impl<T: Field> Field for Option<T> {
    fn of(value: Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::of(value).map(Some) }
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
