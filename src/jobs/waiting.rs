//! Workers that wait for jobs. A job that comes wakes one of them; a worker that was given jobs wakes the next, since
//! there may be more; and one look a second for all of them finds what no news told of.

use crate::{
    chance::Chance,
    clock::Clock,
    db::{
        Database, Subscription, Told,
        write::{Level, levels, queues, running},
    },
    error::Result,
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, queue};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep_until},
};

/// Between two looks while nothing is told; between half of and one and a half times this.
const LOOK: Duration = Duration::from_secs(1);

/// Between two looks however much is told.
const PAUSE: Duration = Duration::from_millis(20);

#[derive(Clone)]
pub struct Waiting {
    db: Database,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
    room: Arc<Mutex<Room>>,
    /// A job is due sooner than the next look.
    sooner: Arc<Notify>,
    pending: Arc<watch::Sender<usize>>,
}

/// Something is under way.
pub struct Pending(Arc<watch::Sender<usize>>);

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.send_modify(|pending| *pending -= 1);
    }
}

#[derive(Default)]
struct Room {
    next: u64,
    /// In the order of their coming.
    waiters: BTreeMap<u64, Waiter>,
    /// Someone looks out for all of them.
    watched: bool,
    /// When a job is due that a claim found too early.
    expected: Option<DateTime<Utc>>,
    closed: bool,
}

struct Waiter {
    types: Vec<String>,
    state: State,
    wake: Arc<Notify>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Idle,
    /// Told of a job, and has not looked yet.
    Woken,
    /// Looks. It has to look again when something came meanwhile that nobody idle was there for.
    Looking {
        again: bool,
    },
}

/// A place among those who wait; given up when dropped.
pub struct Place {
    waiting: Waiting,
    number: u64,
    types: Vec<String>,
    wake: Arc<Notify>,
}

impl Waiting {
    pub fn new(db: Database, clock: Arc<dyn Clock>, chance: Arc<dyn Chance>) -> Self {
        Self { db, clock, chance, room: Arc::default(), sooner: Arc::default(), pending: Arc::default() }
    }

    /// From now on nothing is missed that concerns these types.
    pub fn enter(&self, types: &[String]) -> Place {
        let wake = Arc::new(Notify::new());
        let mut room = self.room();
        room.next += 1;
        let number = room.next;
        let waiter = Waiter { types: types.to_vec(), state: State::Looking { again: false }, wake: wake.clone() };
        room.waiters.insert(number, waiter);
        if !std::mem::replace(&mut room.watched, true) {
            tokio::spawn(self.clone().watch(self.db.news().subscribe()));
        }
        drop(room);
        Place { waiting: self.clone(), number, types: types.to_vec(), wake }
    }

    /// There may be a job of one of these types: one who waits for it looks.
    pub fn wake(&self, types: &[String]) {
        self.room().wake(|kind| types.contains(kind));
    }

    /// A claim found a job that is due only then. Where the clock of the server that made it is some milliseconds ahead
    /// of this one's, that is every job that was just told of.
    pub fn expect(&self, due: DateTime<Utc>) {
        let mut room = self.room();
        if room.expected.is_none_or(|expected| due < expected) {
            room.expected = Some(due);
            self.sooner.notify_one();
        }
    }

    pub fn idle(&self) -> usize {
        self.room().waiters.values().filter(|waiter| waiter.state == State::Idle).count()
    }

    /// Something is under way until this is dropped.
    pub fn begin(&self) -> Pending {
        self.pending.send_modify(|pending| *pending += 1);
        Pending(self.pending.clone())
    }

    /// Returns when nothing is under way.
    pub async fn settled(&self) {
        // It ends with an error only when the sender is gone, which is kept here.
        let _ = self.pending.subscribe().wait_for(|pending| *pending == 0).await;
    }

    /// Nobody waits any more, now or later.
    pub fn close(&self) {
        let mut room = self.room();
        room.closed = true;
        room.waiters.values().for_each(|waiter| waiter.wake.notify_one());
    }

    pub fn is_closed(&self) -> bool {
        self.room().closed
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks out for everyone until nobody waits.
    async fn watch(self, mut news: Subscription) {
        let mut looked = Instant::now();
        let mut next = looked + self.period();
        let mut full = BTreeSet::new();
        while self.is_needed() {
            tokio::select! {
                told = news.next() => {
                    if self.hear(&told, &full) {
                        next = next.min(looked + PAUSE);
                    }
                }
                () = self.sooner.notified() => {
                    let due = self.room().expected.take();
                    let wait = due.and_then(|due| (due - self.clock.now()).to_std().ok()).unwrap_or_default();
                    next = next.min((Instant::now() + wait).max(looked + PAUSE));
                }
                () = sleep_until(next) => {
                    looked = Instant::now();
                    next = looked + self.period();
                    match self.look().await {
                        Ok(seen) => {
                            full = seen.full;
                            let wait = seen.next_due.and_then(|due| (due - self.clock.now()).to_std().ok());
                            next = next.min(looked + wait.map_or(LOOK * 2, |wait| wait.max(PAUSE)));
                        }
                        Err(error) => tracing::debug!(%error, "no look at the queues: looking again"),
                    }
                }
            }
        }
    }

    fn period(&self) -> Duration {
        LOOK.mul_f64(0.5 + self.chance.jitter())
    }

    fn is_needed(&self) -> bool {
        let mut room = self.room();
        room.watched = !room.waiters.is_empty();
        room.watched
    }

    /// Wakes whom it concerns, and says whether a look is needed.
    fn hear(&self, told: &Told, full: &BTreeSet<String>) -> bool {
        let mut room = self.room();
        for job in told.jobs.iter().filter(|job| job.status == JobStatus::Queued) {
            room.wake(|kind| *kind == job.job_type);
        }
        let leaves = |status| !matches!(status, JobStatus::Queued | JobStatus::Processing);
        told.more || told.jobs.iter().any(|job| leaves(job.status) && full.contains(&job.job_type))
    }

    async fn look(&self) -> Result<Seen> {
        let types: BTreeSet<String> = self.room().waiters.values().flat_map(|waiter| waiter.types.clone()).collect();
        let types: Vec<String> = types.into_iter().collect();
        let db = self.db.read();
        let waiting = levels(db, &types).await?;
        let queues = queues(db, &types).await?;
        let limited: Vec<&str> =
            queues.iter().filter(|q| q.max_running.is_some()).map(|q| q.job_type.as_str()).collect();
        let running = running(db, &limited).await?;
        let is_full = |queue: &queue::Model| {
            let most = queue.max_running.and_then(|most| usize::try_from(most).ok());
            most.is_some_and(|most| running.get(&queue.job_type).copied().unwrap_or_default() >= most)
        };
        let named = |closed: &dyn Fn(&queue::Model) -> bool| -> BTreeSet<String> {
            queues.iter().filter(|queue| closed(queue)).map(|queue| queue.job_type.clone()).collect()
        };
        let (full, paused) = (named(&is_full), named(&|queue| queue.paused));
        let now = self.clock.now();
        let open = |level: &&Level| !full.contains(&level.job_type) && !paused.contains(&level.job_type);
        let (due, later): (Vec<&Level>, Vec<&Level>) = waiting.iter().filter(open).partition(|l| l.due_at <= now);
        let mut room = self.room();
        for kind in due.iter().map(|level| &level.job_type).collect::<BTreeSet<_>>() {
            room.wake(|other| other == kind);
        }
        Ok(Seen { next_due: later.iter().map(|level| level.due_at).min(), full })
    }
}

struct Seen {
    /// When the next job is due of those that are not yet.
    next_due: Option<DateTime<Utc>>,
    /// Types of which as many jobs run as may.
    full: BTreeSet<String>,
}

impl Room {
    fn wake(&mut self, wanted: impl Fn(&String) -> bool) {
        let mut concerned = self.waiters.values_mut().filter(|waiter| waiter.types.iter().any(&wanted));
        if let Some(waiter) = concerned.find(|waiter| waiter.state == State::Idle) {
            waiter.state = State::Woken;
            waiter.wake.notify_one();
            return;
        }
        for waiter in self.waiters.values_mut().filter(|waiter| waiter.types.iter().any(&wanted)) {
            if let State::Looking { again } = &mut waiter.state {
                *again = true;
            }
        }
    }
}

impl Place {
    /// Looks now: what comes from here on is something new.
    pub fn look(&self) {
        self.set(State::Looking { again: false });
    }

    /// Returns when there may be something to find.
    pub async fn wait(&self) {
        {
            let mut room = self.waiting.room();
            let Some(waiter) = room.waiters.get_mut(&self.number) else { return };
            if waiter.state == (State::Looking { again: true }) {
                return;
            }
            waiter.state = State::Idle;
            if room.closed {
                return;
            }
        }
        self.wake.notified().await;
    }

    fn set(&self, state: State) {
        if let Some(waiter) = self.waiting.room().waiters.get_mut(&self.number) {
            waiter.state = state;
        }
    }
}

impl Drop for Place {
    /// What it was woken for, or would have looked again for, is passed on.
    fn drop(&mut self) {
        let mut room = self.waiting.room();
        let left = room.waiters.remove(&self.number).map(|waiter| waiter.state);
        if matches!(left, Some(State::Woken | State::Looking { again: true })) {
            room.wake(|kind| self.types.contains(kind));
        }
    }
}
