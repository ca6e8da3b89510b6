//! Levels of the queues: the queued jobs of one type and rank, and when the first of them is due.

use crate::db::{
    dialect::claims,
    rows::{bulk, decode::in_years, job_row},
};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};
use std::collections::BTreeMap;

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
            .filter(|due_at| job_row::YEARS.contains(&due_at.timestamp()));
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

    pub(super) fn source(&self) -> claims::Source {
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

/// Returns the levels that have queued jobs, of these types.
pub async fn levels(db: &impl ConnectionTrait, types: &[String]) -> Result<Vec<RankLevel>, DbErr> {
    let backend = db.get_database_backend();
    let list = bulk::list(backend, &texts(types));
    let asked = Statement::from_sql_and_values(backend, claims::priorities(backend), [list.into()]);
    read(db, asked).await
}

/// Returns the levels that have queued jobs, of all types together.
pub(super) async fn levels_of_all(db: &impl ConnectionTrait) -> Result<Vec<RankLevel>, DbErr> {
    let backend = db.get_database_backend();
    let asked = Statement::from_string(backend, claims::all_ranks(backend));
    read(db, asked).await
}

async fn read(db: &impl ConnectionTrait, asked: Statement) -> Result<Vec<RankLevel>, DbErr> {
    let rows = db.query_all_raw(asked).await?;
    // No readable job has a priority that is not a number.
    let level = |row| RankLevel::of(row).ok();
    Ok(rows.iter().filter_map(level).collect())
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

    #[test]
    fn started_jobs_come_before_new_ones_of_their_priority_alone() {
        let ranks = |levels: Vec<Vec<RankLevel>>| -> Vec<Vec<i32>> {
            let of = |levels: Vec<RankLevel>| levels.into_iter().map(|level| level.rank).collect();
            levels.into_iter().map(of).collect()
        };
        let of = |rank| RankLevel {
            job_type: "type".to_owned(),
            rank,
            due_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(i64::from(rank)),
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
