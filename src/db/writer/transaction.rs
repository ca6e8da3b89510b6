//! Transaction of one or many writes, from its begin to its commit.

use super::{
    Shared,
    batch_error::{BatchError, is_silent, undone},
    queued::{QueuedWrite, WriteKind},
    write::WriteOutcome,
};
use crate::{
    db::{
        changes::change_bus::CommitNotice,
        connection::errors,
        dialect,
        writer::tx::{ROLLBACK_TO_SAVEPOINT, Tx},
    },
    error::{Error, Result},
};
use futures_util::FutureExt;
use sea_orm::ConnectionTrait;
use std::{
    collections::HashMap,
    future::Future,
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

/// Time that each write waits for a lock of another transaction when many run one by one.
const SHARED_LOCK_WAIT: Duration = Duration::from_millis(10);

/// Outcomes of the writes of a transaction, in their order.
pub(super) type Outcomes = Vec<WriteOutcome<()>>;

impl Shared {
    pub(super) async fn attempt(&self, entry: &QueuedWrite, wait: Option<Duration>) -> Result<()> {
        let tx = self.begin(wait).await?;
        match caught(entry.apply(&tx)).await {
            Ok(()) => self.settle(tx).await,
            Err(error) => {
                undo(tx, &error).await;
                Err(error)
            }
        }
    }

    /// Makes an attempt, and returns whether another one may help.
    pub(super) async fn try_attempt(
        &self,
        entry: &QueuedWrite,
        wait: Option<Duration>,
    ) -> Result<(), BatchError> {
        let tx = self.begin(wait).await.map_err(BatchError::All)?;
        match caught(entry.apply(&tx)).await {
            Ok(()) => match self.settle(tx).await {
                Ok(()) => Ok(()),
                Err(error) if errors::is_answer(&error) => Err(undone(error)),
                Err(error) => Err(BatchError::All(error)),
            },
            Err(error) => {
                undo(tx, &error).await;
                Err(undone(error))
            }
        }
    }

    /// Runs the writes in one transaction without savepoints, which cost two statements each and
    /// are rarely needed.
    pub(super) async fn run_batch(
        &self,
        entries: &[QueuedWrite],
        wait: Option<Duration>,
    ) -> Result<Outcomes, BatchError> {
        let tx = self.begin(wait).await.map_err(BatchError::All)?;
        let mut outcomes: Vec<Option<WriteOutcome<()>>> = entries.iter().map(|_| None).collect();
        for (kind, group) in groups(entries) {
            let writes: Vec<&QueuedWrite> = group.iter().map(|i| &entries[*i]).collect();
            match caught(QueuedWrite::apply_all(kind, &writes, &tx)).await {
                Ok(done) => group
                    .iter()
                    .zip(done)
                    .for_each(|(i, outcome)| outcomes[*i] = Some(outcome)),
                Err(error) => {
                    undo(tx, &error).await;
                    return Err(undone(error));
                }
            }
        }
        match self.settle(tx).await {
            Ok(()) => {}
            Err(error) if errors::is_answer(&error) => return Err(undone(error)),
            // Without a response it may be committed, and must not be run again.
            Err(error) => return Err(BatchError::All(error)),
        }
        Ok(WriteOutcome::of_all(outcomes))
    }

    /// Runs the writes in one transaction, each within a savepoint, so that one that fails leaves
    /// the others intact. A write that needs a lock of another transaction is left for later,
    /// because the waits would add up.
    pub(super) async fn one_by_one(&self, entries: &[QueuedWrite]) -> Result<Outcomes> {
        let tx = self.begin(Some(SHARED_LOCK_WAIT)).await?;
        let mut outcomes = Vec::with_capacity(entries.len());
        for entry in entries {
            let notice_len = tx.notice_len();
            tx.execute_unprepared("SAVEPOINT one_write").await?;
            let outcome = caught(entry.apply(&tx)).await;
            if let Err(error) = &outcome {
                if is_silent(error) || matches!(error, Error::DiskFull(_)) {
                    return Err(errors::copy(error));
                }
                tx.execute_unprepared(ROLLBACK_TO_SAVEPOINT).await?;
                tx.forget_since(notice_len);
            }
            tx.execute_unprepared("RELEASE SAVEPOINT one_write").await?;
            outcomes.push(match outcome {
                Err(Error::Unavailable(source))
                    if errors::is_retryable(&source) || errors::is_lock_timeout(&source) =>
                {
                    WriteOutcome::Blocked
                }
                outcome => outcome.into(),
            });
        }
        self.settle(tx).await?;
        Ok(outcomes)
    }

    /// Commits, and publishes the commit notice.
    async fn settle(&self, tx: Tx) -> Result<()> {
        let began = Instant::now();
        let committed = tx.commit().await;
        let took = began.elapsed().as_secs_f64();
        self.instruments.commits.observe(took);
        match committed {
            Ok((notice, facts)) => {
                facts.iter().for_each(|fact| fact.report(&self.instruments));
                self.publish(notice);
                // No reader finds a commit in a file that is no longer at its path.
                self.check_file()?;
            }
            Err(error) => {
                if !errors::was_answered(&error) {
                    // Whether it is committed is unknown, so any job may have changed.
                    self.publish(CommitNotice::of_any());
                }
                return Err(error.into());
            }
        }
        Ok(())
    }

    fn check_file(&self) -> Result<()> {
        match &self.file {
            Some(file) if !file.is_there() => Err(Error::DatabaseMoved),
            _ => Ok(()),
        }
    }

    /// Begins a transaction whose statements wait for a lock at most `wait`, or as long as the
    /// setting of the connection.
    async fn begin(&self, wait: Option<Duration>) -> Result<Tx> {
        self.check_file()?;
        let tx = Tx::begin(&self.conn, self.faults.clone()).await?;
        if let Some(wait) = wait {
            dialect::wait_for_rows(&tx, wait).await?;
        }
        Ok(tx)
    }
}

/// Turns a panic inside a write into its error, so that the other writes of the transaction are
/// made without it. The panic hook has logged the panic.
async fn caught<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.unwrap_or_else(|_| Err(Error::Internal("the write panicked".to_owned())))
}

/// Rolls the transaction back. A second error is ignored, because the first one says more.
async fn undo(tx: Tx, error: &Error) {
    // A connection that does not respond would not answer a ROLLBACK either; the database undoes
    // the transaction when the connection is closed.
    if !is_silent(error) {
        let _ = tx.rollback().await;
    }
}

/// Groups writes of one kind. Writes with the same key stay in the order of their arrival, whatever
/// their kind.
fn groups(entries: &[QueuedWrite]) -> Vec<(WriteKind, Vec<usize>)> {
    let mut groups: Vec<(WriteKind, Vec<usize>)> = Vec::new();
    // The last group that has the key, and the last group of the kind.
    let (mut of_key, mut of_kind) = (
        HashMap::<&str, usize>::new(),
        HashMap::<WriteKind, usize>::new(),
    );
    for (i, entry) in entries.iter().enumerate() {
        let kind = entry.kind();
        let earliest = entry
            .key()
            .and_then(|key| of_key.get(key))
            .copied()
            .unwrap_or(0);
        let group = match of_kind.get(&kind) {
            Some(group) if *group >= earliest => *group,
            _ => {
                groups.push((kind, Vec::new()));
                of_kind.insert(kind, groups.len() - 1);
                groups.len() - 1
            }
        };
        groups[group].1.push(i);
        if let Some(key) = entry.key() {
            of_key.insert(key, group);
        }
    }
    groups
}
