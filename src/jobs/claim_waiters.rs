//! Claims that wait for jobs. A new job wakes one of them. A worker that got jobs wakes the next
//! one, since there may be more. One shared query a second finds jobs that no notification
//! announced.

use crate::{
    clock::Clock,
    db::{
        CommitNotice, Database, Subscription,
        write::{RankLevel, levels, queues, running},
    },
    error::{Error, Result},
    random::Random,
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

/// Mean time between two shared queries if no notification arrives; jitter varies it from half of
/// to one and a half times this.
const QUERY_INTERVAL: Duration = Duration::from_secs(1);

/// Minimum time between two shared queries.
const MIN_QUERY_INTERVAL: Duration = Duration::from_millis(20);

/// Duration below which a shared query counts as quick. A query over very many types takes longer.
const QUICK_QUERY: Duration = Duration::from_millis(50);
/// Time from the start of a slow shared query to the start of the next one, as a multiple of its
/// duration: the database is left to others for nine tenths of the time.
const REST_FACTOR: u32 = 10;
/// Maximum of this time. A query that took long because the database was unavailable says nothing
/// about the next one.
const MAX_REST: Duration = Duration::from_secs(10);

/// Maximum number of waiting claims per server.
pub const MAX_WAITING_CLAIMS: usize = 5_000;

/// Maximum number of job types that claims wait for, each counted once per waiting claim.
pub const MAX_WAITING_TYPES: usize = 100_000;

/// Maximum number of concurrent queries by claims: a flood of claims leaves half of the connections
/// to others.
const MAX_CONCURRENT_QUERIES: usize = 4;

/// Minimum time that a claim waits for its permit to query, even if it does not wait for a job.
const QUERY_PERMIT_TIMEOUT: Duration = Duration::from_secs(5);

/// Number of job types after which one statement of the shared query is full.
const TYPES_PER_STATEMENT: usize = 1_000;
/// Maximum number of claims whose types one statement of the shared query collects.
const CLAIMS_PER_STATEMENT: usize = 200;

#[derive(Clone)]
pub struct ClaimWaiters {
    db: Database,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    table: Arc<Mutex<WaiterTable>>,
    looks: Arc<Semaphore>,
    /// Signal that a job is due before the next shared query.
    sooner: Arc<Notify>,
    pending: Arc<watch::Sender<usize>>,
}

/// Guard of a claim or release in progress.
pub struct InProgress(Arc<watch::Sender<usize>>);

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.send_modify(|pending| *pending -= 1);
    }
}

/// Waiting claims. Each type is stored as a hash that other processes and clients cannot predict.
#[derive(Default)]
struct WaiterTable {
    next: u64,
    /// Waiting claims in the order of arrival.
    waiters: BTreeMap<u64, Waiter>,
    /// Types of idle claims with the claims' numbers: finds the claim to wake, no matter how many
    /// wait.
    idle: BTreeSet<(u64, u64)>,
    /// Types of claims that query and need not query again yet, with the claims' numbers.
    looking: BTreeSet<(u64, u64)>,
    /// Number of types of all waiting claims together.
    types: usize,
    hasher: RandomState,
    /// True while the task with the shared query runs.
    watched: bool,
    /// Due time of a job that a claim found too early.
    expected: Option<DateTime<Utc>>,
    closed: bool,
}

struct Waiter {
    types: Arc<[String]>,
    /// Hash of each type.
    keys: Box<[u64]>,
    state: State,
    wake: Arc<Notify>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Idle,
    /// Woken for a job, and has not queried yet.
    Woken,
    /// Querying. If a job arrives meanwhile and no idle waiter can take it, this one queries again.
    Looking {
        again: bool,
    },
}

/// Registration of a waiting claim; ends when dropped.
pub struct WaiterHandle {
    waiting: ClaimWaiters,
    number: u64,
    wake: Arc<Notify>,
}

impl ClaimWaiters {
    pub fn new(db: Database, clock: Arc<dyn Clock>, chance: Arc<dyn Random>) -> Self {
        let looks = Arc::new(Semaphore::new(MAX_CONCURRENT_QUERIES));
        Self {
            db,
            clock,
            random: chance,
            table: Arc::default(),
            looks,
            sooner: Arc::default(),
            pending: Arc::default(),
        }
    }

    /// Registers a waiting claim. From now on, it misses no job of these types.
    ///
    /// Errors: `overloaded` when the server has reached its limit of waiting claims.
    pub fn enter(&self, types: &Arc<[String]>) -> Result<WaiterHandle> {
        let wake = Arc::new(Notify::new());
        let mut room = self.room();
        if room.waiters.len() >= MAX_WAITING_CLAIMS || room.types + types.len() > MAX_WAITING_TYPES
        {
            return Err(Error::Full("waiting claims"));
        }
        let number = room.enter(types.clone(), wake.clone());
        if !std::mem::replace(&mut room.watched, true) {
            let (this, news) = (self.clone(), self.db.change_bus().subscribe());
            tokio::spawn(async move {
                if panics("watch", this.clone().watch(news)).await {
                    to_its_end("watch", || {
                        this.clone().watch(this.db.change_bus().subscribe())
                    })
                    .await;
                }
            });
        }
        drop(room);
        Ok(WaiterHandle {
            waiting: self.clone(),
            number,
            wake,
        })
    }

    /// Waits for a permit to query the database, in the order of arrival, until the given time and
    /// for at least 5 seconds.
    ///
    /// Errors: `overloaded` when no permit is free in time.
    pub async fn turn(&self, until: Instant) -> Result<SemaphorePermit<'_>> {
        let until = until.max(Instant::now() + QUERY_PERMIT_TIMEOUT);
        let turn = timeout_at(until, self.looks.acquire()).await;
        turn.ok()
            .and_then(|turn| turn.ok())
            .ok_or(Error::Full("concurrent claims"))
    }

    /// Wakes one claim that waits for one of these types: there may be a job for it.
    pub fn wake(&self, types: &[String]) {
        let mut room = self.room();
        let keys: Vec<_> = types
            .iter()
            .map(|kind| room.hasher.hash_one(kind))
            .collect();
        room.wake(&keys);
    }

    /// Schedules a shared query for a job that a claim found before its due time. If the clock of
    /// the server that created the job is some milliseconds ahead, this happens to every new job.
    pub fn expect(&self, due: DateTime<Utc>) {
        let mut room = self.room();
        if room.expected.is_none_or(|expected| due < expected) {
            room.expected = Some(due);
            self.sooner.notify_one();
        }
    }

    pub fn idle(&self) -> usize {
        self.room()
            .waiters
            .values()
            .filter(|waiter| waiter.state == State::Idle)
            .count()
    }

    /// Returns the number of waiting claims, including those that query.
    pub fn count(&self) -> usize {
        self.room().waiters.len()
    }

    /// Marks work as in progress until the guard is dropped.
    pub fn begin(&self) -> InProgress {
        self.pending.send_modify(|pending| *pending += 1);
        InProgress(self.pending.clone())
    }

    /// Returns when no work is in progress.
    pub async fn settled(&self) {
        // Fails only if the sender is gone, which `self` holds.
        let _ = self
            .pending
            .subscribe()
            .wait_for(|pending| *pending == 0)
            .await;
    }

    /// Ends all waits, and makes later claims return without a wait.
    pub fn close(&self) {
        let mut room = self.room();
        room.closed = true;
        room.waiters
            .values()
            .for_each(|waiter| waiter.wake.notify_one());
    }

    pub fn is_closed(&self) -> bool {
        self.room().closed
    }

    fn room(&self) -> MutexGuard<'_, WaiterTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Handles notifications and runs the shared query until no claim waits.
    async fn watch(self, mut news: Subscription) {
        let mut looked = Instant::now();
        let mut next = looked + self.period();
        let mut pause = MIN_QUERY_INTERVAL;
        let mut full = BTreeSet::new();
        while self.is_needed() {
            tokio::select! {
                notice = news.next() => {
                    if self.hear(&notice, &full) {
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
                    pause = if took < QUICK_QUERY { MIN_QUERY_INTERVAL } else { (took * REST_FACTOR).min(MAX_REST) };
                    next = looked + self.period().max(pause);
                    match seen {
                        Ok(seen) => {
                            full = seen.full;
                            let wait = seen.next_due.and_then(|due| (due - self.clock.now()).to_std().ok());
                            next = next.min(looked + wait.map_or(QUERY_INTERVAL * 2, |wait| wait.max(pause)).max(pause));
                        }
                        Err(error) => tracing::debug!(%error, "cannot query the queues; retrying"),
                    }
                }
            }
        }
    }

    fn period(&self) -> Duration {
        QUERY_INTERVAL.mul_f64(0.5 + self.random.jitter())
    }

    fn is_needed(&self) -> bool {
        let mut room = self.room();
        room.watched = !room.waiters.is_empty();
        room.watched
    }

    /// Wakes the claims that a notification concerns, and returns whether a shared query is needed.
    fn hear(&self, notice: &CommitNotice, full: &BTreeSet<String>) -> bool {
        let mut room = self.room();
        for job in notice
            .jobs
            .iter()
            .filter(|job| job.status == JobStatus::Queued)
        {
            let key = room.hasher.hash_one(&job.job_type);
            room.wake(&[key]);
        }
        let leaves = |status| !matches!(status, JobStatus::Queued | JobStatus::Processing);
        notice.more
            || notice
                .jobs
                .iter()
                .any(|job| leaves(job.status) && full.contains(&job.job_type))
    }

    /// Runs the shared query for all types that claims wait for, some per statement.
    async fn look(&self) -> Result<QueueSnapshot> {
        let mut all = QueueSnapshot::default();
        let (mut after, mut asked) = (0, HashSet::new());
        loop {
            let some = self.room().types_behind(after, &mut asked);
            let Some((last, types)) = some else {
                return Ok(all);
            };
            after = last;
            if !types.is_empty() {
                let seen = self.look_at(&types).await?;
                all.full.extend(seen.full);
                all.next_due = all.next_due.into_iter().chain(seen.next_due).min();
            }
        }
    }

    async fn look_at(&self, types: &[String]) -> Result<QueueSnapshot> {
        let db = self.db.read();
        let waiting = levels(db, types).await?;
        let queues = queues(db, types).await?;
        let limited: Vec<&str> = queues
            .iter()
            .filter(|q| q.max_running.is_some())
            .map(|q| q.job_type.as_str())
            .collect();
        let running = running(db, &limited).await?;
        let is_full = |queue: &queue::Model| {
            let most = queue
                .max_running
                .and_then(|most| usize::try_from(most).ok());
            most.is_some_and(|most| {
                running.get(&queue.job_type).copied().unwrap_or_default() >= most
            })
        };
        let named = |closed: &dyn Fn(&queue::Model) -> bool| -> BTreeSet<String> {
            queues
                .iter()
                .filter(|queue| closed(queue))
                .map(|queue| queue.job_type.clone())
                .collect()
        };
        let (full, paused) = (named(&is_full), named(&|queue| queue.paused));
        let now = self.clock.now();
        let open = |level: &&RankLevel| {
            !full.contains(&level.job_type) && !paused.contains(&level.job_type)
        };
        let (due, later): (Vec<&RankLevel>, Vec<&RankLevel>) =
            waiting.iter().filter(open).partition(|l| l.is_due(now));
        let mut room = self.room();
        for kind in due
            .iter()
            .map(|level| &level.job_type)
            .collect::<BTreeSet<_>>()
        {
            let key = room.hasher.hash_one(kind);
            room.wake(&[key]);
        }
        Ok(QueueSnapshot {
            next_due: later.iter().map(|level| level.due_at).min(),
            full,
        })
    }
}

#[derive(Default)]
struct QueueSnapshot {
    /// Earliest due time of the jobs that are not due yet.
    next_due: Option<DateTime<Utc>>,
    /// Types at their limit of running jobs.
    full: BTreeSet<String>,
}

impl WaiterTable {
    fn enter(&mut self, types: Arc<[String]>, wake: Arc<Notify>) -> u64 {
        self.next += 1;
        let keys: Box<[u64]> = types
            .iter()
            .map(|kind| self.hasher.hash_one(kind))
            .collect();
        self.types += types.len();
        self.waiters.insert(
            self.next,
            Waiter {
                types,
                keys,
                state: State::Woken,
                wake,
            },
        );
        self.set(self.next, State::Looking { again: false });
        self.next
    }

    /// Removes a claim. Returns its types if it was woken or had to query again: then another claim
    /// must be woken.
    fn leave(&mut self, number: u64) -> Option<Box<[u64]>> {
        let before = self.set(number, State::Woken);
        let left = self.waiters.remove(&number)?;
        self.types -= left.types.len();
        matches!(before, Some(State::Woken | State::Looking { again: true })).then_some(left.keys)
    }

    /// Sets the state of a claim, and returns the previous one.
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

    /// Wakes the first idle claim that waits for one of these types. If none is idle, the claims
    /// that query for these types have to query again.
    fn wake(&mut self, keys: &[u64]) {
        let of = |key: &u64| (*key, 0)..=(*key, u64::MAX);
        let first = keys
            .iter()
            .filter_map(|key| self.idle.range(of(key)).next())
            .map(|(_, number)| *number)
            .min();
        if let Some(number) = first {
            self.set(number, State::Woken);
            if let Some(waiter) = self.waiters.get(&number) {
                waiter.wake.notify_one();
            }
            return;
        }
        let looking: Vec<u64> = keys
            .iter()
            .flat_map(|key| self.looking.range(of(key)))
            .map(|(_, number)| *number)
            .collect();
        for number in looking {
            self.set(number, State::Looking { again: true });
        }
    }

    /// Returns types of some claims behind a number, and the number of the last of these claims.
    /// Leaves out types in `asked`.
    fn types_behind(&self, after: u64, asked: &mut HashSet<u64>) -> Option<(u64, Vec<String>)> {
        let mut types = Vec::new();
        let mut last = None;
        for (number, waiter) in self.waiters.range(after + 1..).take(CLAIMS_PER_STATEMENT) {
            let new = waiter
                .types
                .iter()
                .zip(&waiter.keys)
                .filter(|(_, key)| asked.insert(**key));
            types.extend(new.map(|(kind, _)| kind.clone()));
            last = Some(*number);
            if types.len() >= TYPES_PER_STATEMENT {
                break;
            }
        }
        last.map(|last| (last, types))
    }
}

impl WaiterHandle {
    /// Begins a query: a job that arrives from now on counts as new.
    pub fn look(&self) {
        self.waiting
            .room()
            .set(self.number, State::Looking { again: false });
    }

    /// Returns when there may be a job to claim.
    pub async fn wait(&self) {
        {
            let mut room = self.waiting.room();
            let Some(waiter) = room.waiters.get(&self.number) else {
                return;
            };
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

impl Drop for WaiterHandle {
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
    use crate::{clock::SystemClock, random::SystemRandom};

    fn waiting() -> ClaimWaiters {
        ClaimWaiters::new(
            Database::detached(),
            Arc::new(SystemClock),
            Arc::new(SystemRandom),
        )
    }

    fn types(of: impl Iterator<Item = usize>) -> Arc<[String]> {
        of.map(|n| format!("type-{n}")).collect()
    }

    #[tokio::test]
    async fn five_thousand_calls_wait_and_the_next_is_refused_until_one_goes() {
        let (waiting, one) = (waiting(), types(0..1));
        let mut places: Vec<WaiterHandle> = (0..MAX_WAITING_CLAIMS)
            .map(|_| waiting.enter(&one).unwrap())
            .collect();
        assert!(matches!(waiting.enter(&one), Err(Error::Full(_))));
        places.pop();
        let _last = waiting.enter(&one).unwrap();
        assert_eq!(waiting.count(), MAX_WAITING_CLAIMS);
    }

    #[tokio::test]
    async fn they_wait_for_a_hundred_thousand_types_together() {
        let waiting = waiting();
        let mut places: Vec<WaiterHandle> = (0..1000)
            .map(|n| waiting.enter(&types(n * 100..n * 100 + 100)).unwrap())
            .collect();
        assert!(waiting.enter(&types(0..1)).is_err());
        places.truncate(999);
        assert!(waiting.enter(&types(0..100)).is_ok());
        drop(places);
        let room = waiting.room();
        assert_eq!(
            (room.types, room.idle.len(), room.looking.len()),
            (0, 0, 0),
            "nothing is left of who went"
        );
    }

    #[tokio::test]
    async fn the_first_who_waits_for_a_type_is_woken_and_who_looks_looks_again() {
        let waiting = waiting();
        let [a, b, c] =
            [types(0..2), types(1..3), types(2..3)].map(|types| waiting.enter(&types).unwrap());
        let state = |place: &WaiterHandle| {
            waiting
                .room()
                .waiters
                .get(&place.number)
                .map(|waiter| waiter.state)
        };
        for place in [&a, &b] {
            assert!(futures_util::poll!(Box::pin(place.wait())).is_pending());
        }
        waiting.wake(&types(1..2));
        assert!(state(&a) == Some(State::Woken) && state(&b) == Some(State::Idle));
        waiting.wake(&types(1..3));
        assert!(
            state(&b) == Some(State::Woken),
            "the one who came first of those who are idle"
        );
        waiting.wake(&types(2..3));
        assert!(state(&c) == Some(State::Looking { again: true }));
        a.look();
        drop(b);
        assert!(
            state(&a) == Some(State::Looking { again: true }),
            "what b was woken for is passed on"
        );
    }

    #[tokio::test]
    async fn a_look_asks_for_each_type_once_and_for_a_thousand_at_a_time() {
        let waiting = waiting();
        let _places: Vec<WaiterHandle> = (0..300)
            .flat_map(|n| {
                [
                    waiting.enter(&types(0..100)),
                    waiting.enter(&types(n * 10..n * 10 + 10)),
                ]
            })
            .map(Result::unwrap)
            .collect();
        let (mut after, mut asked, mut all) = (0, HashSet::new(), Vec::new());
        while let Some((last, types)) = waiting.room().types_behind(after, &mut asked) {
            assert!(types.len() < TYPES_PER_STATEMENT + 100);
            all.extend(types);
            after = last;
        }
        let each: BTreeSet<_> = all.iter().collect();
        assert_eq!((all.len(), each.len()), (3000, 3000));
    }
}
