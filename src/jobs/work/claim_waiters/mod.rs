//! Claims that wait for jobs. A new job wakes one of them. A worker that got jobs wakes the next
//! one, since there may be more. One shared query a second finds jobs that no notification
//! announced.

mod shared_query;
mod table;

use crate::{
    clock::Clock,
    db::Database,
    error::{Error, Result},
    random::Random,
    tasks::{panics, to_its_end},
};
use chrono::{DateTime, Utc};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use table::{State, WaiterTable};
use tokio::{
    sync::{Notify, Semaphore, SemaphorePermit, watch},
    time::{Instant, timeout_at},
};

/// Maximum number of waiting claims per server.
pub const MAX_WAITING_CLAIMS: usize = 5_000;

/// Maximum number of job types that claims wait for, each counted once per waiting claim.
pub const MAX_WAITING_TYPES: usize = 100_000;

/// Maximum number of concurrent queries by claims: a flood of claims leaves half of the connections
/// to others.
const MAX_CONCURRENT_QUERIES: usize = 4;

/// Minimum time that a claim waits for its permit to query, even if it does not wait for a job.
const QUERY_PERMIT_TIMEOUT: Duration = Duration::from_secs(5);

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

    /// Registers a waiting claim, bound to these labels. From now on, it misses no job of these
    /// types.
    ///
    /// Errors: `overloaded` when the server has reached its limit of waiting claims.
    pub fn enter(
        &self,
        types: &Arc<[String]>,
        labels: &[(String, String)],
    ) -> Result<WaiterHandle> {
        let wake = Arc::new(Notify::new());
        let mut room = self.room();
        if room.waiters.len() >= MAX_WAITING_CLAIMS || room.types + types.len() > MAX_WAITING_TYPES
        {
            return Err(Error::Full("waiting claims"));
        }
        let number = room.enter(types.clone(), labels, wake.clone());
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

    /// Wakes one claim that waits for one of these types, of those that are bound to the same
    /// labels: there may be a job for it.
    pub fn wake(&self, types: &[String]) {
        self.room().wake_types(types);
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
mod tests;
