//! Faults that a test lets happen below the writer: at the begin, a statement, the commit or the
//! rollback of a write transaction. Without a source of faults nothing here runs.

use sea_orm::{ConnectionTrait, DbErr};
use std::sync::Arc;

/// A step of a write transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    Begin,
    /// The SQL text of the statement.
    Statement(&'a str),
    Commit,
    Rollback,
}

/// What goes wrong with a step.
#[derive(Debug)]
pub enum Fault {
    /// The step is not taken.
    Before(DbErr),
    /// The step is taken, and its outcome is lost.
    After(DbErr),
    /// This SQL runs on the connection, past the writer, and the step fails: a ROLLBACK is what SQLite
    /// does by itself when its disk is full.
    Instead(&'static str, DbErr),
}

/// Decides for each step whether it goes wrong. May panic, as a bug in a write would.
#[derive(Clone)]
pub struct Faults(pub Arc<dyn Fn(Step<'_>) -> Option<Fault> + Send + Sync>);

impl std::fmt::Debug for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Faults")
    }
}

impl Faults {
    /// Fails in place of the step, or answers with the error that follows it.
    pub(super) async fn before(
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
