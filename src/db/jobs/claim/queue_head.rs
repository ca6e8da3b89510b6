//! Front of the queues: higher priority first, then jobs that were started before, then earlier
//! due, then earlier created.

use crate::{
    db::{
        ANSWER_BYTES,
        dialect::claims,
        fitting,
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

/// Queued jobs of one type and rank: of one priority, all started before or all new, and all with a
/// `run_at` or all without.
#[derive(Clone, Debug)]
pub struct RankLevel {
    pub job_type: String,
    pub rank: i32,
    /// Time when the first of them is due, or was created.
    pub due_at: DateTime<Utc>,
}

impl RankLevel {
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
            rank: row.try_get("", "place")?,
            due_at,
        })
    }

    /// Returns whether the first of the jobs is due. A job without `run_at` always is: its creation
    /// may seem to lie in the future, by the clock of another server or of an hour ago.
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.source() == claims::Source::Always || self.due_at <= now
    }

    fn source(&self) -> claims::Source {
        if self.rank.rem_euclid(2) == 0 {
            claims::Source::Always
        } else {
            claims::Source::Timed
        }
    }

    /// Place of the jobs among all priorities, lower ones first: the ranks with and without
    /// `run_at` share one.
    fn level(&self) -> i32 {
        self.rank.div_euclid(2)
    }
}

/// Labels that each of the jobs must have.
pub type Labels = [(String, String)];

/// Number of sources that a statement names at least, if there are as many.
const MIN_SOURCES: usize = 8;

/// Maximum further sources that a statement names because their first jobs are due at the same
/// time: jobs that were created in one call are.
const MAX_TIED_SOURCES: usize = 64;

/// Maximum further jobs that a claim examines when some cannot be claimed.
const MAX_SKIPPED: usize = 10_000;

/// Whether the query locks the jobs that it finds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum LockMode {
    /// Locks the jobs, and skips those that another transaction has locked.
    Lock,
    Read,
}

/// Returns the levels that have queued jobs, of these types.
pub async fn levels(db: &impl ConnectionTrait, types: &[String]) -> Result<Vec<RankLevel>, DbErr> {
    let backend = db.get_database_backend();
    let list = bulk::list(backend, &texts(types));
    let asked = Statement::from_sql_and_values(backend, claims::priorities(backend), [list.into()]);
    // No readable job has a priority that is not a number.
    Ok(db
        .query_all_raw(asked)
        .await?
        .iter()
        .filter_map(|row| RankLevel::of(row).ok())
        .collect())
}

/// Returns the due jobs of these types, in the order of claims.
pub async fn first_due(
    db: &impl ConnectionTrait,
    types: &[String],
    labels: &Labels,
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<job::Model>, DbErr> {
    let mut found = Vec::new();
    for mut sources in due(levels(db, types).await?, now) {
        while !sources.is_empty() && found.len() < limit {
            let left = limit - found.len();
            let first = first_sources(&mut sources, left);
            let asked: Vec<_> = first.iter().map(|source| (source, left)).collect();
            let due = select_due(db, now, &asked, labels, left, LockMode::Read);
            found.extend(due.await?);
        }
    }
    Ok(found)
}

/// Returns the due jobs of all types, in the order of claims, at the same cost for any number of
/// types.
pub async fn first_due_of_all(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<job::Model>, DbErr> {
    let backend = db.get_database_backend();
    let asked = Statement::from_string(backend, claims::all_ranks(backend));
    let rows = db.query_all_raw(asked).await?;
    let levels = rows.iter().filter_map(|row| RankLevel::of(row).ok());
    let (columns, mut found) = (columns_of(LockMode::Read), Vec::new());
    for sources in due(levels.collect(), now) {
        let mut of_level = Vec::new();
        for source in sources {
            // Rows that cannot be read, or started, are few.
            let more = limit.saturating_mul(2).max(20);
            let values: [Value; 3] = [
                source.rank.into(),
                now.into(),
                i64::try_from(more).unwrap_or(i64::MAX).into(),
            ];
            let sql = claims::first_of_rank(backend, source.source(), &columns);
            let asked = Statement::from_sql_and_values(backend, sql, values);
            of_level.extend(job_rows::read(db, asked).await?.jobs);
        }
        of_level.retain(can_start);
        // Stable: jobs of one moment stay in the order of the database.
        of_level.sort_by_key(order);
        found.extend(of_level);
        if found.len() >= limit {
            break;
        }
    }
    found.truncate(limit);
    Ok(found)
}

/// Order of jobs of one level.
fn order(job: &job::Model) -> (DateTime<Utc>, DateTime<Utc>) {
    (job.run_at.unwrap_or(job.created_at), job.created_at)
}

/// Takes the sources that can have the first `limit` due jobs: each of the others has its first job
/// behind those of as many sources. Fewer are found if other transactions have locked some.
pub(in crate::db) fn first_sources(sources: &mut Vec<RankLevel>, limit: usize) -> Vec<RankLevel> {
    let least = limit.max(MIN_SOURCES).min(sources.len());
    let last = least.checked_sub(1).map(|last| sources[last].due_at);
    let tied = sources[least..]
        .iter()
        .take(MAX_TIED_SOURCES)
        .take_while(|source| Some(source.due_at) == last)
        .count();
    sources.drain(..least + tied).collect()
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
fn can_start(job: &job::Model) -> bool {
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
fn columns_of(hold: LockMode) -> String {
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
    columns.join(", ")
}

/// Returns how many of the jobs that [`select_due`] would find fit into the response, and whether some do
/// not. `bytes` is the size of the jobs selected before; the function adds that of the fitting
/// ones. The first job of a response always fits.
pub(in crate::db) async fn fitting_jobs(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    sources: &[(&RankLevel, usize)],
    labels: &Labels,
    limit: usize,
    bytes: &mut u64,
) -> Result<(usize, bool), DbErr> {
    if limit < 2 || sources.is_empty() {
        return Ok((limit, false));
    }
    let size = claim_size::bytes_of_job(db.get_database_backend());
    let columns = format!("id, run_at, created_at, {size} AS bytes");
    let rows = db
        .query_all_raw(of_columns(
            db,
            now,
            sources,
            labels,
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
    backend: sea_orm::DbBackend,
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

/// Returns the place of a queued job among the jobs of its type that are due at a time, in the order
/// of claims, from 1. `None` beyond `most`.
pub async fn place_in_line(
    db: &impl ConnectionTrait,
    job: &job::Model,
    now: DateTime<Utc>,
    most: u32,
) -> Result<Option<u32>, DbErr> {
    let backend = db.get_database_backend();
    let rank = rank_of(job);
    let values: Vec<Value> = vec![
        job.job_type.as_str().into(),
        now.into(),
        job.run_at.unwrap_or(job.created_at).into(),
        job.created_at.into(),
        job.id.as_str().into(),
        i64::from(most).into(),
        (rank.div_euclid(2) * 2).into(),
    ];
    let sql = claims::jobs_before(backend);
    let counted = Statement::from_sql_and_values(backend, sql, values);
    let before: i64 = match db.query_one_raw(counted).await? {
        Some(row) => row.try_get_by_index(0)?,
        None => 0,
    };
    let place = u32::try_from(before + 1).ok();
    Ok(place.filter(|place| *place <= most))
}

/// Rank of a queued job, as the index of claims has it.
fn rank_of(job: &job::Model) -> i32 {
    let started = if job.started_at.is_none() { 2 } else { 0 };
    started + i32::from(job.run_at.is_some()) - claims::RANKS * i32::from(job.priority)
}

pub(in crate::db) fn texts(types: &[String]) -> Vec<&str> {
    types.iter().map(String::as_str).collect()
}

/// Levels with due jobs, those to claim first at the front; the levels of one place together, the
/// one whose first job is due first at their front.
pub(in crate::db) fn due(levels: Vec<RankLevel>, now: DateTime<Utc>) -> Vec<Vec<RankLevel>> {
    let mut due: BTreeMap<i32, Vec<RankLevel>> = BTreeMap::new();
    for level in levels.into_iter().filter(|level| level.is_due(now)) {
        due.entry(level.level()).or_default().push(level);
    }
    due.into_values()
        .map(|mut sources| {
            sources.sort_by_key(|source| source.due_at);
            sources
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn level(n: i64) -> RankLevel {
        RankLevel {
            job_type: format!("type-{n}"),
            rank: 2,
            due_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(n),
        }
    }

    #[test]
    fn a_claim_of_five_jobs_asks_few_of_many_types_and_the_rest_only_when_they_were_locked() {
        let mut sources: Vec<_> = (0..2000).map(level).collect();
        let first = first_sources(&mut sources, 5);
        assert_eq!((first.len(), sources.len()), (MIN_SOURCES, 1992));
        assert_eq!(first_sources(&mut sources, 50)[0].job_type, "type-8");
        let mut alike: Vec<_> = (0..200).map(|_| level(1)).collect();
        assert_eq!(first_sources(&mut alike, 8).len(), 8 + MAX_TIED_SOURCES);
        assert!(first_sources(&mut Vec::new(), 5).is_empty());
    }

    #[test]
    fn started_jobs_come_before_new_ones_of_their_priority_alone() {
        let ranks = |levels: Vec<Vec<RankLevel>>| -> Vec<Vec<i32>> {
            let of = |levels: Vec<RankLevel>| levels.into_iter().map(|level| level.rank).collect();
            levels.into_iter().map(of).collect()
        };
        let of = |rank| RankLevel {
            rank,
            ..level(i64::from(rank))
        };
        // Priority 1 has the ranks -4 to -1, priority 0 those from 0 to 3.
        let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(2);
        let levels = [3, 2, 1, 0, -1, -4].map(of).into();
        assert_eq!(
            ranks(due(levels, now)),
            [vec![-4], vec![-1], vec![0, 1], vec![2]]
        );
    }
}
