//! Queue of waiting writes of any type, limited in number and in bytes.

use super::write::{Write, WriteOutcome};
use crate::{
    db::Tx,
    error::{Error, Result},
};
use std::{
    any::{Any, TypeId},
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::{sync::oneshot, time::Instant};

/// Maximum writes per transaction. Larger transactions gain nothing, and their first writes wait
/// longer.
const MAX_BATCH: usize = 64;

/// Maximum waiting writes of all queues; further ones are refused at once.
const MAX_QUEUED_WRITES: usize = 8192;

/// Maximum bytes that the waiting writes hold, approximately.
const MAX_QUEUED_BYTES: usize = 128 << 20;

pub type BoxedOutput = Box<dyn Any + Send>;
type Doing<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Write of any type, with the caller that waits for its outcome.
pub trait QueuedWrite: Any + Send + Sync {
    fn kind(&self) -> TypeId;
    fn key(&self) -> Option<&str>;
    fn is_large(&self) -> bool;
    /// Marks the write as started. Returns false if its caller has gone.
    fn begin(&self) -> bool;
    /// Marks the write as not started, so that its caller may give it up again.
    fn unclaim(&self);
    /// Returns whether the caller's deadline has passed.
    fn is_late(&self) -> bool;
    fn apply<'a>(&'a self, tx: &'a Tx) -> Doing<'a, BoxedOutput>;
    /// Runs several writes, all of this one's type, in one transaction.
    fn apply_all<'a>(
        &self,
        all: &[&'a dyn QueuedWrite],
        tx: &'a Tx,
    ) -> Doing<'a, Vec<WriteOutcome<BoxedOutput>>>;
    /// Sends the outcome to the caller, which may be gone.
    fn answer(self: Box<Self>, outcome: Result<BoxedOutput>);
}

pub struct Entry<W: Write> {
    pub write: W,
    pub answer: oneshot::Sender<Result<W::Output>>,
    pub begun: Arc<AtomicBool>,
    /// Deadline after which the caller gives the write up, unless it has been started.
    pub until: Instant,
    /// Share of the load, counted until the entry is dropped.
    pub _load: LoadReservation,
}

impl<W: Write> QueuedWrite for Entry<W> {
    fn kind(&self) -> TypeId {
        TypeId::of::<W>()
    }

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

    fn apply<'a>(&'a self, tx: &'a Tx) -> Doing<'a, BoxedOutput> {
        Box::pin(async move { Ok(Box::new(self.write.apply(tx).await?) as BoxedOutput) })
    }

    fn apply_all<'a>(
        &self,
        all: &[&'a dyn QueuedWrite],
        tx: &'a Tx,
    ) -> Doing<'a, Vec<WriteOutcome<BoxedOutput>>> {
        let entries = all
            .iter()
            .filter_map(|one| (*one as &'a dyn Any).downcast_ref::<Self>());
        let writes: Vec<&'a W> = entries.map(|entry| &entry.write).collect();
        Box::pin(async move {
            let fates = W::apply_all(&writes, tx).await?;
            let boxed = |fate| match fate {
                WriteOutcome::Done(outcome) => {
                    WriteOutcome::Done(outcome.map(|output| Box::new(output) as BoxedOutput))
                }
                WriteOutcome::Blocked => WriteOutcome::Blocked,
            };
            Ok(fates.into_iter().map(boxed).collect())
        })
    }

    fn answer(self: Box<Self>, outcome: Result<BoxedOutput>) {
        let outcome = outcome.and_then(|output| match output.downcast() {
            Ok(output) => Ok(*output),
            Err(_) => Err(Error::Internal(
                "a write got the outcome of another one".to_owned(),
            )),
        });
        let _ = self.answer.send(outcome);
    }
}

/// Queue of writes that run one transaction after the other.
#[derive(Default)]
pub struct WriteQueue(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: VecDeque<Box<dyn QueuedWrite>>,
    running: bool,
}

impl WriteQueue {
    /// Adds a write. Returns true if the queue is idle, so that the caller has to run it.
    pub fn push(&self, entry: Box<dyn QueuedWrite>) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting.push_back(entry);
        !std::mem::replace(&mut state.running, true)
    }

    /// Takes the writes that share the next transaction, in the order of their arrival. Returns
    /// `None` if none waits; the queue is idle then.
    pub fn take(&self) -> Option<Vec<Box<dyn QueuedWrite>>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first_large = state
            .waiting
            .iter()
            .take(MAX_BATCH)
            .position(|entry| entry.is_large());
        let together = match first_large {
            Some(0) => 1,
            Some(n) => n,
            None => MAX_BATCH.min(state.waiting.len()),
        };
        let batch: Vec<_> = state.waiting.drain(..together).collect();
        state.running = !batch.is_empty();
        state.running.then_some(batch)
    }
}

/// Number and bytes of the waiting and running writes.
#[derive(Default)]
pub struct QueueLoad(Arc<Counters>);

#[derive(Default)]
struct Counters {
    writes: AtomicUsize,
    bytes: AtomicUsize,
}

impl QueueLoad {
    pub fn writes(&self) -> usize {
        self.0.writes.load(Ordering::Relaxed)
    }

    /// Counts one more write until the share is dropped. Errors: `Overloaded`, if a limit is
    /// reached.
    pub fn add(&self, bytes: usize) -> Result<LoadReservation> {
        let share = LoadReservation {
            of: self.0.clone(),
            bytes,
        };
        let writes = self.0.writes.fetch_add(1, Ordering::Relaxed);
        let held = self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        // A write that exceeds the limit by itself is accepted if no other waits.
        if writes >= MAX_QUEUED_WRITES || (held > 0 && held + bytes > MAX_QUEUED_BYTES) {
            Err(Error::Overloaded)
        } else {
            Ok(share)
        }
    }
}

pub struct LoadReservation {
    of: Arc<Counters>,
    bytes: usize,
}

impl Drop for LoadReservation {
    fn drop(&mut self) {
        self.of.writes.fetch_sub(1, Ordering::Relaxed);
        self.of.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
