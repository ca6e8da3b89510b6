//! Front of the queues: higher priority first, then jobs that were started before, then earlier
//! due, then earlier created.

use crate::db::{
    dialect::claims,
    jobs::claim::{
        rank_level::{RankLevel, due, levels, levels_of_all},
        select_due::{Labels, LockMode, can_start, columns_of, select_due},
    },
    rows::job_rows,
};
use chrono::{DateTime, Utc};
use entity::job;
use sea_orm::{ConnectionTrait, DbErr, Statement, Value};

/// Number of sources that a statement names at least, if there are as many.
const MIN_SOURCES: usize = 8;

/// Maximum further sources that a statement names because their first jobs are due at the same
/// time: jobs that were created in one call are.
const MAX_TIED_SOURCES: usize = 64;

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
    let levels = levels_of_all(db).await?;
    let (columns, mut found) = (columns_of(LockMode::Read), Vec::new());
    for sources in due(levels, now) {
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

/// Returns the place of a queued job among the jobs of its type that are due at a time, in the
/// order of claims, from 1. `None` beyond `most`.
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
}
