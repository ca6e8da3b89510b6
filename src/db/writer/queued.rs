//! Write with the caller that waits for its outcome.

use super::{
    by::By,
    load::LoadReservation,
    write::{BatchWrite, Call, Write, WriteOutcome},
};
use crate::{
    db::{
        Tx,
        connection::errors,
        write::{ChangeJob, CreateJob, DeleteJob},
    },
    error::{Error, Result},
};
use std::{
    future::Future,
    ops::Deref,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{sync::oneshot, time::Instant};

/// Write in a queue. The variants with a type have a batch form; writes of any other type run one
/// after the other.
pub enum QueuedWrite {
    Create(Box<Entry<CreateJob>>),
    Change(Box<Entry<ChangeJob>>),
    Delete(Box<Entry<DeleteJob>>),
    Single(Box<dyn Waiting>),
}

/// Kind of write; writes of one kind share statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WriteKind {
    Create,
    Change,
    Delete,
    Single,
}

impl QueuedWrite {
    pub fn kind(&self) -> WriteKind {
        match self {
            Self::Create(_) => WriteKind::Create,
            Self::Change(_) => WriteKind::Change,
            Self::Delete(_) => WriteKind::Delete,
            Self::Single(_) => WriteKind::Single,
        }
    }

    /// Makes several writes of one kind in one transaction, and keeps their outputs. Returns the
    /// outcome of each, in order.
    pub async fn apply_all(
        kind: WriteKind,
        writes: &[&Self],
        tx: &Tx,
    ) -> Result<Vec<WriteOutcome<()>>> {
        macro_rules! batch {
            ($variant:ident) => {{
                let entries = writes.iter().filter_map(|write| match write {
                    Self::$variant(entry) => Some(entry.as_ref()),
                    _ => None,
                });
                apply_batch(&entries.collect::<Vec<_>>(), tx).await
            }};
        }
        match kind {
            WriteKind::Create => batch!(Create),
            WriteKind::Change => batch!(Change),
            WriteKind::Delete => batch!(Delete),
            WriteKind::Single => apply_in_turn(writes, tx).await,
        }
    }

    /// Sends the kept output, or the error, to the caller, which may be gone.
    pub fn answer(self, outcome: Result<()>) {
        match self {
            Self::Create(entry) => entry.answer(outcome),
            Self::Change(entry) => entry.answer(outcome),
            Self::Delete(entry) => entry.answer(outcome),
            Self::Single(entry) => entry.answer(outcome),
        }
    }
}

impl Deref for QueuedWrite {
    type Target = dyn Waiting;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Create(entry) => entry.as_ref(),
            Self::Change(entry) => entry.as_ref(),
            Self::Delete(entry) => entry.as_ref(),
            Self::Single(entry) => entry.as_ref(),
        }
    }
}

async fn apply_batch<W: BatchWrite>(
    entries: &[&Entry<W>],
    tx: &Tx,
) -> Result<Vec<WriteOutcome<()>>> {
    let calls: Vec<Call<W>> = entries.iter().map(|entry| entry.call()).collect();
    let outcomes = W::apply_all(&calls, tx).await?;
    let kept = entries.iter().zip(outcomes);
    Ok(kept
        .map(|(entry, outcome)| outcome.map(|output| entry.keep(output)))
        .collect())
}

/// Makes the writes one after the other. A write that failed after it wrote something fails all.
async fn apply_in_turn(writes: &[&QueuedWrite], tx: &Tx) -> Result<Vec<WriteOutcome<()>>> {
    let mut outcomes = Vec::with_capacity(writes.len());
    for write in writes {
        let before = tx.written();
        outcomes.push(match write.apply(tx).await {
            Err(error) if errors::is_database_error(&error) || tx.written() != before => {
                return Err(error);
            }
            outcome => outcome.into(),
        });
    }
    Ok(outcomes)
}

type Applying<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// Write of any type whose caller waits.
pub trait Waiting: Send + Sync {
    fn key(&self) -> Option<&str>;
    fn is_large(&self) -> bool;
    /// Marks the write as started. Returns false if its caller has gone.
    fn begin(&self) -> bool;
    /// Marks the write as not started, so that its caller may give it up again.
    fn unclaim(&self);
    /// Returns whether the caller's deadline has passed.
    fn is_late(&self) -> bool;
    /// Makes the change, and keeps its output for the answer.
    fn apply<'a>(&'a self, tx: &'a Tx) -> Applying<'a>;
    /// Sends the kept output, or the error, to the caller.
    fn answer(self: Box<Self>, outcome: Result<()>);
}

pub struct Entry<W: Write> {
    pub write: W,
    pub by: By,
    pub answer: oneshot::Sender<Result<W::Output>>,
    pub begun: Arc<AtomicBool>,
    /// Deadline after which the caller gives the write up, unless it has been started.
    pub until: Instant,
    /// Output of the last run, until the transaction is committed.
    pub output: Mutex<Option<W::Output>>,
    /// Share of the load, counted until the entry is dropped.
    pub _load: LoadReservation,
}

impl<W: Write> Entry<W> {
    fn call(&self) -> Call<'_, W> {
        Call {
            write: &self.write,
            by: &self.by,
        }
    }

    fn keep(&self, output: W::Output) {
        *self.output.lock().unwrap_or_else(PoisonError::into_inner) = Some(output);
    }
}

impl<W: Write> Waiting for Entry<W> {
    fn key(&self) -> Option<&str> {
        self.write.key()
    }

    fn is_large(&self) -> bool {
        self.write.is_large()
    }

    fn begin(&self) -> bool {
        !self.answer.is_closed() && !self.begun.swap(true, Ordering::AcqRel)
    }

    fn unclaim(&self) {
        self.begun.store(false, Ordering::Release);
    }

    fn is_late(&self) -> bool {
        Instant::now() >= self.until
    }

    fn apply<'a>(&'a self, tx: &'a Tx) -> Applying<'a> {
        Box::pin(async move {
            tx.act_for(&self.by);
            self.keep(self.write.apply(tx).await?);
            Ok(())
        })
    }

    fn answer(self: Box<Self>, outcome: Result<()>) {
        let output = self
            .output
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let missing = || Error::Internal("a committed write has no output".to_owned());
        let _ = self
            .answer
            .send(outcome.and_then(|()| output.ok_or_else(missing)));
    }
}
