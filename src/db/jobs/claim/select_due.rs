//! Query for the due jobs of some levels, which passes jobs that cannot be claimed.

use crate::{
    db::{
        dialect::claims,
        jobs::claim::{claim_size::LARGE_COLUMNS, rank_level::RankLevel},
        rows::{
            bulk,
            job_rows::{self, Read},
        },
    },
    lifecycle::{next_attempt, version_after},
};
use chrono::{DateTime, Utc};
use entity::job;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, IdenStatic, Iterable, Statement, Value};
use std::collections::HashMap;

/// Labels that each of the jobs must have.
pub type Labels = [(String, String)];

/// Maximum further jobs that a claim examines when some cannot be claimed.
const MAX_SKIPPED: usize = 10_000;

/// Whether the query locks the jobs that it finds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum LockMode {
    /// Locks the jobs, and skips those that another transaction has locked.
    Lock,
    Read,
}

/// Returns the first due jobs of some sources of one level, each with the limit of its type. Skips
/// jobs that cannot be claimed: their rows cannot be read, or their counters are at the maximum.
pub(in crate::db) async fn select_due(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    sources: &[(&RankLevel, usize)],
    labels: &Labels,
    limit: usize,
    hold: LockMode,
) -> Result<Vec<job::Model>, DbErr> {
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let mut more = 0;
    loop {
        let Read { jobs, rows, .. } =
            job_rows::read(db, statement(db, now, sources, labels, limit, more, hold)).await?;
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let mut room: HashMap<&str, usize> = sources
            .iter()
            .map(|(source, room)| (source.job_type.as_str(), *room))
            .collect();
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
pub(super) fn can_start(job: &job::Model) -> bool {
    next_attempt(job.attempt).is_some() && version_after(job.version, 1).is_some()
}

/// Builds the query for the jobs, and for `more` of them to replace those that cannot be claimed.
fn statement(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    sources: &[(&RankLevel, usize)],
    labels: &Labels,
    limit: usize,
    more: usize,
    hold: LockMode,
) -> Statement {
    let sources: Vec<_> = sources
        .iter()
        .map(|(source, room)| (*source, room.saturating_add(more)))
        .collect();
    of_columns(
        db,
        now,
        &sources,
        labels,
        limit.saturating_add(more),
        &columns_of(hold),
        hold,
    )
}

/// Columns of a job in the order of the entity. A caller that does not claim the jobs needs only
/// short ones.
pub(super) fn columns_of(hold: LockMode) -> String {
    let long = |column: &job::Column| {
        LARGE_COLUMNS
            .iter()
            .any(|large| large.as_str() == column.as_str())
    };
    let column = |column: job::Column| {
        if hold == LockMode::Read && long(&column) {
            format!("NULL AS \"{}\"", column.as_str())
        } else {
            format!("\"{}\"", column.as_str())
        }
    };
    let columns: Vec<_> = job::Column::iter().map(column).collect();
    columns.join(", ")
}

/// Builds the query of [`statement`] with these columns.
pub(super) fn of_columns(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    sources: &[(&RankLevel, usize)],
    labels: &Labels,
    limit: usize,
    columns: &str,
    hold: LockMode,
) -> Statement {
    let backend = db.get_database_backend();
    let rows = |n: usize| Value::BigInt(Some(i64::try_from(n).unwrap_or(i64::MAX)));
    let lock = hold == LockMode::Lock;
    let labelled = labels.iter().flat_map(|(key, value)| [key, value]);
    let labelled = labelled.map(|text| Value::from(text.as_str()));
    if sources.len() >= claims::MANY_SOURCES && claims::lists_sources(backend) {
        let values = lists_of(backend, now, sources, limit);
        let sql = claims::select_due_of_many(columns, lock, labels.len());
        let values = std::iter::once(rows(limit)).chain(values).chain(labelled);
        return Statement::from_sql_and_values(backend, sql, values);
    }
    let mut values: Vec<Value> = vec![now.into(), rows(limit)];
    for (source, room) in sources {
        values.extend([
            Value::from(source.job_type.as_str()),
            source.rank.into(),
            rows(limit.min(*room)),
        ]);
    }
    let kinds: Vec<_> = sources.iter().map(|(source, _)| source.source()).collect();
    values.extend(labelled);
    let sql = claims::select_due(backend, &kinds, columns, lock, labels.len());
    Statement::from_sql_and_values(backend, sql, values)
}

/// Returns types, ranks, times and limits of the sources as lists.
fn lists_of(
    backend: DbBackend,
    now: DateTime<Utc>,
    sources: &[(&RankLevel, usize)],
    limit: usize,
) -> [Value; 4] {
    let list = |of: &dyn Fn(&RankLevel, usize) -> String| {
        let texts: Vec<_> = sources
            .iter()
            .map(|(source, room)| of(source, *room))
            .collect();
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        Value::from(bulk::list(backend, &texts))
    };
    [
        list(&|source, _| source.job_type.clone()),
        list(&|source, _| source.rank.to_string()),
        list(&|source, _| match source.source() {
            claims::Source::Always => "infinity".to_owned(),
            claims::Source::Timed => now.to_rfc3339(),
        }),
        list(&|_, room| limit.min(room).to_string()),
    ]
}
