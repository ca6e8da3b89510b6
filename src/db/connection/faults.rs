//! Fault injection below the writer, for tests: at the begin, a statement, the commit or the
//! rollback of a write transaction. Without a [`Faults`] value none of this code runs.

use sea_orm::{ConnectionTrait, DbErr};
use std::sync::Arc;

/// Step of a write transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    Begin,
    /// Statement with its SQL text.
    Statement(&'a str),
    Commit,
    Rollback,
}

/// Failure to inject into a step.
#[derive(Debug)]
pub enum Fault {
    /// Fails before the step, which does not run.
    Before(DbErr),
    /// Fails after the step: it runs, and its outcome is lost.
    After(DbErr),
    /// Runs this SQL on the connection in place of the step, unseen by the writer, and fails. An
    /// example is the ROLLBACK that SQLite runs by itself when its disk is full.
    Instead(&'static str, DbErr),
}

/// Callback that returns the fault of each step, if any. It may panic, as a bug in a write would.
#[derive(Clone)]
pub struct Faults(pub Arc<dyn Fn(Step<'_>) -> Option<Fault> + Send + Sync>);

impl std::fmt::Debug for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Faults")
    }
}

impl Faults {
    /// Injects the fault of a step: fails in its place, or returns the error that replaces its
    /// outcome.
    pub(in crate::db) async fn before(
        &self,
        step: Step<'_>,
        transaction: Option<&impl ConnectionTrait>,
    ) -> Result<Option<DbErr>, DbErr> {
        match (self.0)(step) {
            None => Ok(None),
            Some(Fault::Before(error)) => Err(error),
            Some(Fault::After(error)) => Ok(Some(error)),
            Some(Fault::Instead(sql, error)) => {
                if let Some(transaction) = transaction {
                    transaction.execute_unprepared(sql).await?;
                }
                Err(error)
            }
        }
    }
}
