//! Workers that wait for jobs. A job that comes wakes one of them; a worker that was given jobs wakes the next, since
//! there may be more; and one look a second for all of them finds what no news told of.

use crate::{
    chance::Chance,
    clock::Clock,
    db::{
        Database, Subscription, Told,
        write::{Level, levels, queues, running},
    },
    error::{Error, Result},
    tasks::{panics, to_its_end},
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, queue};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, Semaphore, SemaphorePermit, watch},
    time::{Instant, sleep_until, timeout_at},
};

/// Between two looks while nothing is told; between half of and one and a half times this.
const LOOK: Duration = Duration::from_secs(1);

/// Between two looks however much is told.
const PAUSE: Duration = Duration::from_millis(20);

/// A look over very many types takes longer than this. From its begin to the next one ten times as long passes, so that
/// the database is left to others for nine tenths of the time, but no longer than the last of these: a look that took
/// long because the database was away says nothing about the next one.
const QUICK: Duration = Duration::from_millis(50);
const REST: u32 = 10;
const LONGEST_REST: Duration = Duration::from_secs(10);

/// Calls that wait at one server.
pub const MOST_WAITS: usize = 5_000;

/// Types that they wait for, each counted as often as a call waits for it.
pub const MOST_WAITING_TYPES: usize = 100_000;

/// Looks of claims that ask the database at once: a flood of claims leaves half of the connections to others.
const LOOKS: usize = 4;

/// How long a claim that is not to wait for a job waits for its look.
const LOOK_WITHIN: Duration = Duration::from_secs(5);

/// Types of one statement of a look, and calls whose types are gathered at once.
const TYPES_AT_ONCE: usize = 1_000;
const CALLS_AT_ONCE: usize = 200;

#[derive(Clone)]
pub struct Waiting {
    db: Database,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
    room: Arc<Mutex<Room>>,
    looks: Arc<Semaphore>,
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

/// Everyone who waits. A type is known by its hash, which another process or client cannot foresee.
#[derive(Default)]
struct Room {
    next: u64,
    /// In the order of their coming.
    waiters: BTreeMap<u64, Waiter>,
    /// Types of those who are idle, with their numbers: who is to be woken is found however many wait.
    idle: BTreeSet<(u64, u64)>,
    /// The same of those who look, and do not have to look again yet.
    looking: BTreeSet<(u64, u64)>,
    /// Types of all waiters together.
    types: usize,
    hasher: RandomState,
    /// Someone looks out for all of them.
    watched: bool,
    /// When a job is due that a claim found too early.
    expected: Option<DateTime<Utc>>,
    closed: bool,
}

struct Waiter {
    types: Arc<[String]>,
    /// The hash of each type.
    keys: Box<[u64]>,
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
    wake: Arc<Notify>,
}

impl Waiting {
    pub fn new(db: Database, clock: Arc<dyn Clock>, chance: Arc<dyn Chance>) -> Self {
        let looks = Arc::new(Semaphore::new(LOOKS));
        Self { db, clock, chance, room: Arc::default(), looks, sooner: Arc::default(), pending: Arc::default() }
    }

    /// From now on nothing is missed that concerns these types.
    ///
    /// Errors: `overloaded` when as many wait as the server holds.
    pub fn enter(&self, types: &Arc<[String]>) -> Result<Place> {
        let wake = Arc::new(Notify::new());
        let mut room = self.room();
        if room.waiters.len() >= MOST_WAITS || room.types + types.len() > MOST_WAITING_TYPES {
            return Err(Error::Full("as many waiting claims"));
        }
        let number = room.enter(types.clone(), wake.clone());
        if !std::mem::replace(&mut room.watched, true) {
            let (this, news) = (self.clone(), self.db.news().subscribe());
            tokio::spawn(async move {
                if panics("watch", this.clone().watch(news)).await {
                    to_its_end("watch", || this.clone().watch(this.db.news().subscribe())).await;
                }
            });
        }
        drop(room);
        Ok(Place { waiting: self.clone(), number, wake })
    }

    /// The right to ask the database what there is, in the order of coming; for a claim that waits until then.
    ///
    /// Errors: `overloaded` when there are too many before it.
    pub async fn turn(&self, until: Instant) -> Result<SemaphorePermit<'_>> {
        let until = until.max(Instant::now() + LOOK_WITHIN);
        let turn = timeout_at(until, self.looks.acquire()).await;
        turn.ok().and_then(|turn| turn.ok()).ok_or(Error::Full("as many claims"))
    }

    /// There may be a job of one of these types: one who waits for it looks.
    pub fn wake(&self, types: &[String]) {
        let mut room = self.room();
        let keys: Vec<_> = types.iter().map(|kind| room.hasher.hash_one(kind)).collect();
        room.wake(&keys);
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

    /// Calls that wait, be they looking or not.
    pub fn count(&self) -> usize {
        self.room().waiters.len()
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
        let mut pause = PAUSE;
        let mut full = BTreeSet::new();
        while self.is_needed() {
            tokio::select! {
                told = news.next() => {
                    if self.hear(&told, &full) {
                        next = next.min(looked + pause);
                    }
                }
                () = self.sooner.notified() => {
                    let due = self.room().expected.take();
                    let wait = due.and_then(|due| (due - self.clock.now()).to_std().ok()).unwrap_or_default();
                    next = next.min((Instant::now() + wait).max(looked + pause));
                }
                () = sleep_until(next) => {
                    let began = Instant::now();
                    let seen = self.look().await;
                    let took = began.elapsed();
                    looked = began;
                    pause = if took < QUICK { PAUSE } else { (took * REST).min(LONGEST_REST) };
                    next = looked + self.period().max(pause);
                    match seen {
                        Ok(seen) => {
                            full = seen.full;
                            let wait = seen.next_due.and_then(|due| (due - self.clock.now()).to_std().ok());
                            next = next.min(looked + wait.map_or(LOOK * 2, |wait| wait.max(pause)).max(pause));
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
            let key = room.hasher.hash_one(&job.job_type);
            room.wake(&[key]);
        }
        let leaves = |status| !matches!(status, JobStatus::Queued | JobStatus::Processing);
        told.more || told.jobs.iter().any(|job| leaves(job.status) && full.contains(&job.job_type))
    }

    /// Looks at all types that are waited for, some at a time.
    async fn look(&self) -> Result<Seen> {
        let mut all = Seen::default();
        let (mut after, mut asked) = (0, HashSet::new());
        loop {
            let some = self.room().types_behind(after, &mut asked);
            let Some((last, types)) = some else { return Ok(all) };
            after = last;
            if !types.is_empty() {
                let seen = self.look_at(&types).await?;
                all.full.extend(seen.full);
                all.next_due = all.next_due.into_iter().chain(seen.next_due).min();
            }
        }
    }

    async fn look_at(&self, types: &[String]) -> Result<Seen> {
        let db = self.db.read();
        let waiting = levels(db, types).await?;
        let queues = queues(db, types).await?;
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
            let key = room.hasher.hash_one(kind);
            room.wake(&[key]);
        }
        Ok(Seen { next_due: later.iter().map(|level| level.due_at).min(), full })
    }
}

#[derive(Default)]
struct Seen {
    /// When the next job is due of those that are not yet.
    next_due: Option<DateTime<Utc>>,
    /// Types of which as many jobs run as may.
    full: BTreeSet<String>,
}

impl Room {
    fn enter(&mut self, types: Arc<[String]>, wake: Arc<Notify>) -> u64 {
        self.next += 1;
        let keys: Box<[u64]> = types.iter().map(|kind| self.hasher.hash_one(kind)).collect();
        self.types += types.len();
        self.waiters.insert(self.next, Waiter { types, keys, state: State::Woken, wake });
        self.set(self.next, State::Looking { again: false });
        self.next
    }

    /// Answers with what it was woken for, or would have looked again for, which is to be passed on.
    fn leave(&mut self, number: u64) -> Option<Box<[u64]>> {
        let before = self.set(number, State::Woken);
        let left = self.waiters.remove(&number)?;
        self.types -= left.types.len();
        matches!(before, Some(State::Woken | State::Looking { again: true })).then_some(left.keys)
    }

    /// Answers with the state before.
    fn set(&mut self, number: u64, state: State) -> Option<State> {
        let waiter = self.waiters.get_mut(&number)?;
        let before = std::mem::replace(&mut waiter.state, state);
        if before != state {
            for key in &waiter.keys {
                match before {
                    State::Idle => _ = self.idle.remove(&(*key, number)),
                    State::Looking { again: false } => _ = self.looking.remove(&(*key, number)),
                    State::Woken | State::Looking { again: true } => {}
                }
                match state {
                    State::Idle => _ = self.idle.insert((*key, number)),
                    State::Looking { again: false } => _ = self.looking.insert((*key, number)),
                    State::Woken | State::Looking { again: true } => {}
                }
            }
        }
        Some(before)
    }

    /// Wakes the first who is idle and waits for one of these types; if nobody is, those who look have to look again.
    fn wake(&mut self, keys: &[u64]) {
        let of = |key: &u64| (*key, 0)..=(*key, u64::MAX);
        let first = keys.iter().filter_map(|key| self.idle.range(of(key)).next()).map(|(_, number)| *number).min();
        if let Some(number) = first {
            self.set(number, State::Woken);
            if let Some(waiter) = self.waiters.get(&number) {
                waiter.wake.notify_one();
            }
            return;
        }
        let looking: Vec<u64> =
            keys.iter().flat_map(|key| self.looking.range(of(key))).map(|(_, number)| *number).collect();
        for number in looking {
            self.set(number, State::Looking { again: true });
        }
    }

    /// Types of some of those who came behind a number, and the last of these numbers; without those that were asked
    /// for before.
    fn types_behind(&self, after: u64, asked: &mut HashSet<u64>) -> Option<(u64, Vec<String>)> {
        let mut types = Vec::new();
        let mut last = None;
        for (number, waiter) in self.waiters.range(after + 1..).take(CALLS_AT_ONCE) {
            let new = waiter.types.iter().zip(&waiter.keys).filter(|(_, key)| asked.insert(**key));
            types.extend(new.map(|(kind, _)| kind.clone()));
            last = Some(*number);
            if types.len() >= TYPES_AT_ONCE {
                break;
            }
        }
        last.map(|last| (last, types))
    }
}

impl Place {
    /// Looks now: what comes from here on is something new.
    pub fn look(&self) {
        self.waiting.room().set(self.number, State::Looking { again: false });
    }

    /// Returns when there may be something to find.
    pub async fn wait(&self) {
        {
            let mut room = self.waiting.room();
            let Some(waiter) = room.waiters.get(&self.number) else { return };
            if waiter.state == (State::Looking { again: true }) {
                return;
            }
            room.set(self.number, State::Idle);
            if room.closed {
                return;
            }
        }
        self.wake.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut room = self.waiting.room();
        if let Some(keys) = room.leave(self.number) {
            room.wake(&keys);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{chance::SystemChance, clock::SystemClock};

    fn waiting() -> Waiting {
        Waiting::new(Database::detached(), Arc::new(SystemClock), Arc::new(SystemChance))
    }

    fn types(of: impl Iterator<Item = usize>) -> Arc<[String]> {
        of.map(|n| format!("type-{n}")).collect()
    }

    #[tokio::test]
    async fn five_thousand_calls_wait_and_the_next_is_refused_until_one_goes() {
        let (waiting, one) = (waiting(), types(0..1));
        let mut places: Vec<Place> = (0..MOST_WAITS).map(|_| waiting.enter(&one).unwrap()).collect();
        assert!(matches!(waiting.enter(&one), Err(Error::Full(_))));
        places.pop();
        let _last = waiting.enter(&one).unwrap();
        assert_eq!(waiting.count(), MOST_WAITS);
    }

    #[tokio::test]
    async fn they_wait_for_a_hundred_thousand_types_together() {
        let waiting = waiting();
        let mut places: Vec<Place> =
            (0..1000).map(|n| waiting.enter(&types(n * 100..n * 100 + 100)).unwrap()).collect();
        assert!(waiting.enter(&types(0..1)).is_err());
        places.truncate(999);
        assert!(waiting.enter(&types(0..100)).is_ok());
        drop(places);
        let room = waiting.room();
        assert_eq!((room.types, room.idle.len(), room.looking.len()), (0, 0, 0), "nothing is left of who went");
    }

    #[tokio::test]
    async fn the_first_who_waits_for_a_type_is_woken_and_who_looks_looks_again() {
        let waiting = waiting();
        let [a, b, c] = [types(0..2), types(1..3), types(2..3)].map(|types| waiting.enter(&types).unwrap());
        let state = |place: &Place| waiting.room().waiters.get(&place.number).map(|waiter| waiter.state);
        for place in [&a, &b] {
            assert!(futures_util::poll!(Box::pin(place.wait())).is_pending());
        }
        waiting.wake(&types(1..2));
        assert!(state(&a) == Some(State::Woken) && state(&b) == Some(State::Idle));
        waiting.wake(&types(1..3));
        assert!(state(&b) == Some(State::Woken), "the one who came first of those who are idle");
        waiting.wake(&types(2..3));
        assert!(state(&c) == Some(State::Looking { again: true }));
        a.look();
        drop(b);
        assert!(state(&a) == Some(State::Looking { again: true }), "what b was woken for is passed on");
    }

    #[tokio::test]
    async fn a_look_asks_for_each_type_once_and_for_a_thousand_at_a_time() {
        let waiting = waiting();
        let _places: Vec<Place> = (0..300)
            .flat_map(|n| [waiting.enter(&types(0..100)), waiting.enter(&types(n * 10..n * 10 + 10))])
            .map(Result::unwrap)
            .collect();
        let (mut after, mut asked, mut all) = (0, HashSet::new(), Vec::new());
        while let Some((last, types)) = waiting.room().types_behind(after, &mut asked) {
            assert!(types.len() < TYPES_AT_ONCE + 100);
            all.extend(types);
            after = last;
        }
        let each: BTreeSet<_> = all.iter().collect();
        assert_eq!((all.len(), each.len()), (3000, 3000));
    }
}
