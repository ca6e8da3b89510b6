//! Writes that wait: of any kind in one queue, within bounds.

use super::write::{Fate, Write};
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

/// Writes of one transaction. With 32, 64 and 256, 128 clients make 14.3, 16.6 and 16.0 thousand jobs a second on SQLite,
/// and 12.5, 13.4 and 11.8 thousand on PostgreSQL. The first writes of a larger one wait longer.
const MOST_TOGETHER: usize = 64;

/// Writes that wait, of all lanes; more are refused at once.
const MOST_WAITING: usize = 8192;

/// Bytes that they hold, about.
const MOST_BYTES: usize = 128 << 20;

pub type Outcome = Box<dyn Any + Send>;
type Doing<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// A write of any kind, and who waits for it.
pub trait Waiting: Any + Send + Sync {
    fn kind(&self) -> TypeId;
    fn key(&self) -> Option<&str>;
    fn is_large(&self) -> bool;
    /// False when nobody waits for it any more; else it counts as begun.
    fn begin(&self) -> bool;
    /// It has not been done yet, and its caller may give it up again.
    fn rest(&self);
    /// Its caller has waited for as long as it has to.
    fn is_late(&self) -> bool;
    fn apply<'a>(&'a self, tx: &'a Tx) -> Doing<'a, Outcome>;
    /// All of them are of this one's kind.
    fn apply_all<'a>(&self, all: &[&'a dyn Waiting], tx: &'a Tx) -> Doing<'a, Vec<Fate<Outcome>>>;
    /// Tells whoever waits. Nobody may be there to hear it any more.
    fn answer(self: Box<Self>, outcome: Result<Outcome>);
}

pub struct Entry<W: Write> {
    pub write: W,
    pub answer: oneshot::Sender<Result<W::Output>>,
    pub begun: Arc<AtomicBool>,
    /// When its caller gives it up, unless it is begun.
    pub until: Instant,
    /// Counts for as long as the entry is there.
    pub _load: Share,
}

impl<W: Write> Waiting for Entry<W> {
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

    fn rest(&self) {
        self.begun.store(false, Ordering::Release);
    }

    fn is_late(&self) -> bool {
        Instant::now() >= self.until
    }

    fn apply<'a>(&'a self, tx: &'a Tx) -> Doing<'a, Outcome> {
        Box::pin(async move { Ok(Box::new(self.write.apply(tx).await?) as Outcome) })
    }

    fn apply_all<'a>(&self, all: &[&'a dyn Waiting], tx: &'a Tx) -> Doing<'a, Vec<Fate<Outcome>>> {
        let entries = all.iter().filter_map(|one| (*one as &'a dyn Any).downcast_ref::<Self>());
        let writes: Vec<&'a W> = entries.map(|entry| &entry.write).collect();
        Box::pin(async move {
            let fates = W::apply_all(&writes, tx).await?;
            let boxed = |fate| match fate {
                Fate::Done(outcome) => Fate::Done(outcome.map(|output| Box::new(output) as Outcome)),
                Fate::Alone => Fate::Alone,
            };
            Ok(fates.into_iter().map(boxed).collect())
        })
    }

    fn answer(self: Box<Self>, outcome: Result<Outcome>) {
        let outcome = outcome.and_then(|output| match output.downcast() {
            Ok(output) => Ok(*output),
            Err(_) => Err(Error::Internal("a write got the outcome of another one".to_owned())),
        });
        let _ = self.answer.send(outcome);
    }
}

/// Writes that go one transaction after the other.
#[derive(Default)]
pub struct Lane(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: VecDeque<Box<dyn Waiting>>,
    running: bool,
}

impl Lane {
    /// True when nobody runs the lane yet, and the caller has to.
    pub fn push(&self, entry: Box<dyn Waiting>) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting.push_back(entry);
        !std::mem::replace(&mut state.running, true)
    }

    /// What is to share the next transaction, in the order in which it came. `None` when nothing waits: then the lane does
    /// not run any more.
    pub fn take(&self) -> Option<Vec<Box<dyn Waiting>>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first_large = state.waiting.iter().take(MOST_TOGETHER).position(|entry| entry.is_large());
        let together = match first_large {
            Some(0) => 1,
            Some(n) => n,
            None => MOST_TOGETHER.min(state.waiting.len()),
        };
        let batch: Vec<_> = state.waiting.drain(..together).collect();
        state.running = !batch.is_empty();
        state.running.then_some(batch)
    }
}

/// How much waits.
#[derive(Default)]
pub struct Load(Arc<Counters>);

#[derive(Default)]
struct Counters {
    writes: AtomicUsize,
    bytes: AtomicUsize,
}

impl Load {
    pub fn writes(&self) -> usize {
        self.0.writes.load(Ordering::Relaxed)
    }

    /// Counts one more for as long as the share is kept, or refuses it.
    pub fn add(&self, bytes: usize) -> Result<Share> {
        let share = Share { of: self.0.clone(), bytes };
        let writes = self.0.writes.fetch_add(1, Ordering::Relaxed);
        let held = self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        // One that is large by itself is taken when nothing else waits.
        if writes >= MOST_WAITING || (held > 0 && held + bytes > MOST_BYTES) {
            Err(Error::Overloaded)
        } else {
            Ok(share)
        }
    }
}

pub struct Share {
    of: Arc<Counters>,
    bytes: usize,
}

impl Drop for Share {
    fn drop(&mut self) {
        self.of.writes.fetch_sub(1, Ordering::Relaxed);
        self.of.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
