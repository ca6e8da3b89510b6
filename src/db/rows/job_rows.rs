//! Decodes rows into jobs by the position of each column, because finding 46 columns by name costs
//! more than reading them.
//!
//! sqlx runs SQLite on a separate thread, which sends one row at a time and copies each of its
//! values; for a page this costs far more than SQLite itself. There the rows of a query are
//! gathered into one JSON text, which the thread sends once.

use crate::{
    db::{
        dialect,
        rows::{
            columns::ByIndex,
            decode::{Decoded, decode},
            job_row::job,
        },
    },
    error::{Error, Result as Answer},
};
use entity::job;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, QuerySelect, QueryTrait, Select, Statement};
use serde_json::Value;
use std::collections::HashSet;

/// Name of the column that says whether a value of the row was left out as too large.
pub const ANY_LARGE: &str = "any_large";

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

/// Returns the jobs of a query that selects all columns in the order of the entity, and behind them
/// [`ANY_LARGE`], `1` or `0`. Returns `None` if one was, or if a row
/// cannot be read.
pub async fn small_jobs(
    db: &impl ConnectionTrait,
    query: Select<job::Entity>,
) -> Result<Option<Vec<job::Model>>, DbErr> {
    let asked = query.build(db.get_database_backend());
    if dialect::rows::gathers(asked.db_backend) {
        let sql = dialect::rows::gather_unless(&asked.sql, ANY_LARGE);
        return gathered(db, &asked, sql).await;
    }
    let rows = db.query_all_raw(asked).await?;
    for row in &rows {
        if row.try_get::<i32>("", ANY_LARGE)? != 0 {
            return Ok(None);
        }
    }
    let Decoded { read, unreadable } = decode_jobs(&rows);
    Ok(unreadable.is_empty().then_some(read))
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
        && let Some(jobs) = gathered(db, &asked, dialect::rows::gather(&asked.sql)).await?
    {
        return Ok(Read {
            rows: jobs.len() as u64,
            jobs,
            unreadable: HashSet::new(),
        });
    }
    let rows = db.query_all_raw(asked).await?;
    let Decoded {
        read: jobs,
        unreadable,
    } = decode_jobs(&rows);
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

fn decode_jobs(rows: &[QueryResult]) -> Decoded<job::Model> {
    let name = |row: &QueryResult| {
        let id = row.try_get_by_index::<String>(0);
        let id = id.unwrap_or_else(|_| "(unreadable id)".to_owned());
        format!("{TABLE} {id}")
    };
    decode(rows, |row| job(&mut ByIndex::of(row)), name)
}

/// Reads the rows as one JSON text, by the statement that gathers them. Returns `None` if a value
/// is not in the form that Callsheet writes, such as a blob or a time in another format. The caller
/// then decodes the rows one by one, which accepts more forms.
async fn gathered(
    db: &impl ConnectionTrait,
    asked: &Statement,
    sql: String,
) -> Result<Option<Vec<job::Model>>, DbErr> {
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
