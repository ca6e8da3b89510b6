//! Jobs whose lease has run out: found by the index of those that run, and changed as any others.

use super::change_job::{Change, ChangeJob, ChangeJobs, Changed, Items, Loaded};
use crate::{
    db::{Tx, Write, dialect},
    error::Result,
};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr, Statement, Value};
use std::sync::Arc;

/// As [`super::change_job::Decide`].
pub type DecideExpired = Box<dyn Fn(&Loaded) -> Result<Option<Change>> + Send + Sync>;

pub struct RescueJobs {
    /// Leases that have run out by then.
    pub by: DateTime<Utc>,
    /// Jobs that are left aside, because they could not be rescued before.
    pub skipped: u64,
    /// One for each job, and no more jobs than these.
    pub decide: Vec<Arc<DecideExpired>>,
}

impl Write for RescueJobs {
    /// One for each job that was found. Those that another transaction is about to change are left out.
    type Output = Vec<Result<Changed>>;

    async fn apply(&self, tx: &Tx) -> Result<Self::Output> {
        let backend = tx.get_database_backend();
        let limit = i64::try_from(self.decide.len()).unwrap_or(i64::MAX);
        let sql = dialect::claims::expired(backend);
        let skipped = i64::try_from(self.skipped).unwrap_or(i64::MAX);
        let found = Statement::from_sql_and_values(backend, sql, [Value::from(self.by), limit.into(), skipped.into()]);
        let mut changes = Vec::new();
        for (row, decide) in tx.query_all_raw(found).await?.iter().zip(&self.decide) {
            let decide = decide.clone();
            let decide = Box::new(move |loaded: &Loaded| decide(loaded));
            // Of one that is no text there is no job to be found by it, which is an answer as good as any.
            let id = row.try_get_by_index(0).unwrap_or_default();
            changes.push(ChangeJob { id, if_version: None, items: Items::Counted, weight: 0, decide });
        }
        ChangeJobs(changes).apply(tx).await
    }
}

/// There is a job whose lease has run out by then.
pub async fn expired(db: &impl ConnectionTrait, by: DateTime<Utc>) -> Result<bool, DbErr> {
    let backend = db.get_database_backend();
    let sql = dialect::claims::any_expired(backend);
    let found = db.query_one_raw(Statement::from_sql_and_values(backend, sql, [Value::from(by)])).await?;
    Ok(found.is_some())
}
