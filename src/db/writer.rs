//! The one place that writes.
//!
//! A write is a value: it says what to do inside a transaction, and may be run again. Because the verbs hand over
//! values and never hold a transaction themselves, writes that arrive together share one: a lane takes whatever waits
//! when its last transaction has been committed, and runs all of it in the next. An idle lane takes a single write at
//! once, so that nothing is ever waited for; a busy one takes the more, the longer a commit lasts.

mod batch;
mod disk;
mod held;
mod queue;
mod write;

pub use write::{Fate, Write};

use super::{
    Reader,
    faults::Faults,
    file::DatabaseFile,
    news::{NewsDesk, Told},
    relay::Relay,
};
use crate::error::{Error, Result};
use disk::Disk;
use queue::{Entry, Lane, Load, Waiting};
use sea_orm::{ConnAcquireErr, DbErr};
use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Semaphore, oneshot},
    time::{Instant, timeout_at},
};

/// How long a write waits for its turn, and for what others hold, before its caller is told to come again.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct Writer(Arc<Shared>);

struct Shared {
    conn: Reader,
    /// Transactions that may be open at once, apart from those of the lanes.
    turns: Semaphore,
    lanes: Vec<Lane>,
    /// There is but one writer: the lane takes a turn as everybody else, and everything goes through it.
    lane_takes_turns: bool,
    /// Writes that wait for what another transaction holds.
    held: Lane,
    load: Load,
    hasher: RandomState,
    desk: NewsDesk,
    relay: Option<Relay>,
    disk: Disk,
    /// The file that is written to, on SQLite.
    file: Option<DatabaseFile>,
    faults: Option<Faults>,
}

/// What a writer writes to, and whom it tells of it.
pub struct Means {
    pub conn: Reader,
    pub desk: NewsDesk,
    pub relay: Option<Relay>,
    pub file: Option<DatabaseFile>,
    pub faults: Option<Faults>,
}

impl Writer {
    /// At most so many transactions are open at once, and of those so many are kept for the lanes: a lane waits for nobody
    /// else's turn, as what it holds up are all the writes behind it.
    pub fn new(means: Means, writers: usize, lanes: usize) -> Self {
        let Means { conn, desk, relay, file, faults } = means;
        Self(Arc::new(Shared {
            conn,
            turns: Semaphore::new(if writers > lanes { writers - lanes } else { writers }),
            lanes: (0..lanes).map(|_| Lane::default()).collect(),
            lane_takes_turns: writers <= lanes,
            held: Lane::default(),
            load: Load::default(),
            hasher: RandomState::new(),
            desk,
            relay,
            disk: Disk::default(),
            file,
            faults,
        }))
    }

    pub fn under_way(&self) -> usize {
        self.0.load.writes()
    }

    /// Answers after the commit.
    ///
    /// A caller that goes away does not leave a transaction half-way: its write is committed or not, and the others of
    /// its transaction do not notice. A write whose caller has gone before its turn came is not begun.
    pub async fn commit<W: Write>(&self, write: W) -> Result<W::Output> {
        let (answer, mut outcome) = oneshot::channel();
        let (begun, until) = (Arc::new(AtomicBool::new(false)), Instant::now() + PATIENCE);
        let entry = Entry { _load: self.0.load.add(write.weight())?, write, answer, begun: begun.clone(), until };
        self.0.enter(Box::new(entry));
        let gone = |_| Error::Internal("the write panicked".to_owned());
        let outcome = match timeout_at(until, &mut outcome).await {
            Ok(outcome) => outcome.map_err(gone)?,
            // From here on it is not begun any more.
            Err(_) if !begun.swap(true, Ordering::AcqRel) => Err(late()),
            Err(_) => outcome.await.map_err(gone)?,
        };
        self.0.disk.note(outcome.as_ref().err());
        outcome
    }

    /// How long ago the disk refused a write; `None` if none was refused since the start.
    pub fn disk_was_full(&self) -> Option<Duration> {
        self.0.disk.was_full()
    }
}

/// The write was not done in time.
fn late() -> Error {
    Error::Unavailable(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))
}

impl Shared {
    /// On SQLite everything shares the one lane. On PostgreSQL writes with a key do, each key in its own lane, so that
    /// two lanes do not wait for one row; a write without a key may touch anything, and has a transaction of its own.
    fn enter(self: &Arc<Self>, entry: Box<dyn Waiting>) {
        match entry.key() {
            _ if self.lane_takes_turns => self.enter_lane(0, entry),
            Some(key) => {
                let lane = self.hasher.hash_one(key) % self.lanes.len() as u64;
                self.enter_lane(usize::try_from(lane).unwrap_or_default(), entry);
            }
            None => {
                let this = self.clone();
                tokio::spawn(async move { this.alone(entry).await });
            }
        }
    }

    fn enter_lane(self: &Arc<Self>, lane: usize, entry: Box<dyn Waiting>) {
        if self.lanes[lane].push(entry) {
            let this = self.clone();
            tokio::spawn(async move { this.drain(lane).await });
        }
    }

    /// Runs what waits in the lane until nothing does.
    async fn drain(self: Arc<Self>, lane: usize) {
        loop {
            let turn = match self.lane_takes_turns {
                true => self.turns.acquire().await.ok(),
                false => None,
            };
            let Some(batch) = self.lanes[lane].take() else { return };
            // A task of its own, so that a bug in one write does not end the lane.
            let this = self.clone();
            let _ = tokio::spawn(async move { this.run(batch).await }).await;
            drop(turn);
        }
    }

    fn publish(&self, told: Told) {
        if let Some(relay) = self.relay.as_ref().filter(|_| !told.is_empty()) {
            relay.tell(&told);
        }
        self.desk.publish(Arc::new(told));
    }
}
