//! Rescues jobs whose lease has expired: the index of running jobs finds them, and they are changed
//! like any others.

use crate::{
    db::{
        Tx, Write, dialect,
        jobs::change_job::{Change, ChangeJob, ChangeJobs, Changed, Items, Loaded},
    },
    error::Result,
};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr, Statement, Value};
use std::sync::Arc;

/// Decision on one job, as [`crate::db::jobs::change_job::Decide`].
pub type DecideExpired = Box<dyn Fn(&Loaded) -> Result<Option<Change>> + Send + Sync>;

pub struct RescueJobs {
    /// Time by which the leases have expired.
    pub by: DateTime<Utc>,
    /// Number of jobs to skip, because an earlier rescue of them failed.
    pub skipped: u64,
    /// Decisions, one per job; their number limits the jobs that are rescued.
    pub decide: Vec<Arc<DecideExpired>>,
}

impl Write for RescueJobs {
    /// Outcome of each job that was found. Jobs that another transaction has locked are left out.
    type Output = Vec<Result<Changed>>;

    async fn apply(&self, tx: &Tx) -> Result<Self::Output> {
        let backend = tx.get_database_backend();
        let limit = i64::try_from(self.decide.len()).unwrap_or(i64::MAX);
        let sql = dialect::claims::expired(backend);
        let skipped = i64::try_from(self.skipped).unwrap_or(i64::MAX);
        let found = Statement::from_sql_and_values(
            backend,
            sql,
            [Value::from(self.by), limit.into(), skipped.into()],
        );
        let mut changes = Vec::new();
        for (row, decide) in tx.query_all_raw(found).await?.iter().zip(&self.decide) {
            let decide = decide.clone();
            let decide = Box::new(move |loaded: &Loaded| decide(loaded));
            // The default for an id that is not text: it matches no job, which only fails this one
            // change.
            let id = row.try_get_by_index(0).unwrap_or_default();
            changes.push(ChangeJob {
                id,
                if_version: None,
                items: Items::Counted,
                weight: 0,
                decide,
            });
        }
        ChangeJobs(changes).apply(tx).await
    }
}

/// Returns whether the lease of any job has expired by this time.
pub async fn expired(db: &impl ConnectionTrait, by: DateTime<Utc>) -> Result<bool, DbErr> {
    let backend = db.get_database_backend();
    let sql = dialect::claims::any_expired(backend);
    let found = db
        .query_one_raw(Statement::from_sql_and_values(
            backend,
            sql,
            [Value::from(by)],
        ))
        .await?;
    Ok(found.is_some())
}
