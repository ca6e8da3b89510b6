//! The only place that writes to the database.
//!
//! A write is a value: it describes the work inside a transaction, and may be run again. Callers
//! hand over such values and never hold a transaction, so writes that arrive together share one: a
//! write queue takes all waiting writes when its last transaction has been committed, and runs them
//! in the next. An idle queue runs a single write at once, so no write waits for a batch to fill; a
//! busy queue takes more writes at once, the longer a commit lasts.

mod batch;
mod batch_error;
mod blocked;
pub mod by;
mod disk;
pub mod facts;
mod load;
mod queue;
mod queued;
mod transaction;
pub mod tx;
mod write;

pub use queued::{Entry, QueuedWrite};
pub use write::{BatchWrite, Call, Write, WriteOutcome};

use crate::{
    db::{
        Reader,
        changes::{
            change_bus::{ChangeBus, CommitNotice},
            notifier::Notifier,
        },
        connection::{errors, faults::Faults, file::DatabaseFile},
    },
    error::{Error, Result},
    metrics::Instruments,
};
use by::By;
use disk::Disk;
use load::QueueLoad;
use queue::WriteQueue;
use sea_orm::{ConnAcquireErr, DbErr};
use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Semaphore, oneshot},
    time::{Instant, timeout_at},
};

/// Maximum time that a write waits for its turn, and for locks of others, before its call fails as
/// unavailable.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct Writer(Arc<Shared>);

struct Shared {
    conn: Reader,
    /// Permits for open transactions, apart from those reserved for the write queues.
    turns: Semaphore,
    queues: Vec<WriteQueue>,
    /// Whether the write queue needs a permit like any other transaction. True if there is a single
    /// writer; everything goes through the queue then.
    queue_takes_turns: bool,
    /// Writes that wait for a lock of another transaction.
    blocked: WriteQueue,
    load: QueueLoad,
    /// Writes that were made, and writes that failed because of the database or the server.
    made: AtomicU64,
    failed: AtomicU64,
    hasher: RandomState,
    bus: ChangeBus,
    notifier: Option<Notifier>,
    disk: Disk,
    /// Database file that is written to, on SQLite.
    file: Option<DatabaseFile>,
    faults: Option<Faults>,
    instruments: Arc<Instruments>,
}

/// Resources of a writer: its connections, the receivers of its commit notices, its database file,
/// and its instruments.
pub struct WriterResources {
    pub conn: Reader,
    pub bus: ChangeBus,
    pub notifier: Option<Notifier>,
    pub file: Option<DatabaseFile>,
    pub faults: Option<Faults>,
    pub instruments: Arc<Instruments>,
}

impl Writer {
    /// Creates a writer with at most `writers` open transactions, of which `queues` are reserved
    /// for the write queues. A queue does not wait for other transactions' permits, because it
    /// would hold up all writes behind it.
    pub fn new(resources: WriterResources, writers: usize, queues: usize) -> Self {
        let WriterResources {
            conn,
            bus,
            notifier,
            file,
            faults,
            instruments,
        } = resources;
        Self(Arc::new(Shared {
            conn,
            turns: Semaphore::new(if writers > queues {
                writers - queues
            } else {
                writers
            }),
            queues: (0..queues).map(|_| WriteQueue::default()).collect(),
            queue_takes_turns: writers <= queues,
            blocked: WriteQueue::default(),
            load: QueueLoad::default(),
            made: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            hasher: RandomState::new(),
            bus,
            notifier,
            disk: Disk::default(),
            file,
            faults,
            instruments,
        }))
    }

    pub fn under_way(&self) -> usize {
        self.0.load.writes()
    }

    /// Runs a write of a caller, and returns after the commit.
    ///
    /// A caller that goes away does not leave a transaction half-way: its write is committed or
    /// not, and the other writes of the transaction are unaffected. A write whose caller has gone
    /// before its turn is not started.
    pub async fn commit<W: Write>(&self, write: W, by: By) -> Result<W::Output> {
        let outcome = self.try_commit(write, by).await;
        match &outcome {
            Ok(_) => _ = self.0.made.fetch_add(1, Ordering::Relaxed),
            Err(error) if errors::is_outage(error) => {
                _ = self.0.failed.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => {}
        }
        outcome
    }

    /// Numbers of writes so far that failed because of the database or the server, and that were
    /// made.
    pub fn counts(&self) -> (u64, u64) {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        (count(&self.0.failed), count(&self.0.made))
    }

    async fn try_commit<W: Write>(&self, write: W, by: By) -> Result<W::Output> {
        let (answer, mut outcome) = oneshot::channel();
        let (begun, until) = (
            Arc::new(AtomicBool::new(false)),
            Instant::now() + WRITE_TIMEOUT,
        );
        let entry = Entry {
            _load: self.0.load.add(write.weight())?,
            write,
            by,
            answer,
            begun: begun.clone(),
            until,
            output: Mutex::default(),
        };
        self.0.enqueue(W::queued(entry));
        let gone = |_| Error::Internal("the write panicked".to_owned());
        let outcome = match timeout_at(until, &mut outcome).await {
            Ok(outcome) => outcome.map_err(gone)?,
            // From here on the queue does not start it any more.
            Err(_) if !begun.swap(true, Ordering::AcqRel) => Err(late()),
            Err(_) => outcome.await.map_err(gone)?,
        };
        self.0.disk.note(outcome.as_ref().err());
        outcome
    }

    /// Time since the disk refused a write; `None` if none was refused since the start.
    pub fn disk_was_full(&self) -> Option<Duration> {
        self.0.disk.was_full()
    }
}

/// Error for a write that was not done in time.
fn late() -> Error {
    Error::Unavailable(errors::source(DbErr::ConnectionAcquire(
        ConnAcquireErr::Timeout,
    )))
}

impl Shared {
    /// Puts a write into its queue. On SQLite all writes share the only queue. On PostgreSQL writes
    /// with a key share queues, each key always in the same one, so that two queues do not wait for
    /// one row. A write without a key may touch any row, and gets a separate transaction.
    fn enqueue(self: &Arc<Self>, entry: QueuedWrite) {
        match entry.key() {
            _ if self.queue_takes_turns => self.enter_queue(0, entry),
            Some(key) => {
                let queue = self.hasher.hash_one(key) % self.queues.len() as u64;
                self.enter_queue(usize::try_from(queue).unwrap_or_default(), entry);
            }
            None => {
                let this = self.clone();
                tokio::spawn(async move { this.run_unqueued(entry).await });
            }
        }
    }

    fn enter_queue(self: &Arc<Self>, queue: usize, entry: QueuedWrite) {
        if self.queues[queue].push(entry) {
            let this = self.clone();
            tokio::spawn(async move { this.drain(queue).await });
        }
    }

    /// Runs the writes of a queue until none waits.
    async fn drain(self: Arc<Self>, queue: usize) {
        loop {
            let turn = if self.queue_takes_turns {
                self.turns.acquire().await.ok()
            } else {
                None
            };
            let Some(batch) = self.queues[queue].take() else {
                return;
            };
            // A separate task, so that a panic in one write does not end the queue.
            let this = self.clone();
            let _ = tokio::spawn(async move { this.run(batch).await }).await;
            drop(turn);
        }
    }

    fn publish(&self, notice: CommitNotice) {
        if let Some(notifier) = self.notifier.as_ref().filter(|_| !notice.is_empty()) {
            notifier.enqueue(&notice);
        }
        let notice = Arc::new(notice);
        self.bus.publish(notice.clone());
        if let Some(redis) = self.bus.redis() {
            redis.drop_changed(&notice);
        }
    }
}
