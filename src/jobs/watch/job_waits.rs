//! Calls that each wait for a change of one job. A notification of a commit wakes only the calls
//! that wait for its jobs.

use crate::{
    db::{ChangeBus, Subscription},
    error::{Error, Result},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};

/// Maximum number of waiting calls per server.
pub const MAX_WAITING_CALLS: usize = 5_000;

/// Minimum time between two queries of a waiting call if no notification arrives.
const QUERY_INTERVAL: Duration = Duration::from_secs(1);
/// Part of this time for each waiting call, so that all calls together run at most 500 queries a
/// second.
const QUERY_INTERVAL_PER_CALL: Duration = Duration::from_millis(2);

/// Maximum number of concurrent queries. Half of the connections stay free for others when
/// something wakes all waiting calls.
const MAX_CONCURRENT_QUERIES: usize = 4;

#[derive(Clone)]
pub struct JobWaits {
    bus: ChangeBus,
    table: Arc<Mutex<WaiterTable>>,
    looks: Arc<Semaphore>,
}

#[derive(Default)]
struct WaiterTable {
    count: usize,
    jobs: HashMap<Arc<str>, Waiters>,
    /// True while a task receives notifications.
    watched: bool,
}

#[derive(Default)]
struct Waiters {
    count: usize,
    wake: Arc<Notify>,
}

/// Registration of a call that waits for a job; ends when dropped.
pub struct JobWait {
    waits: JobWaits,
    id: Arc<str>,
    pub wake: Arc<Notify>,
}

impl JobWaits {
    pub fn new(bus: ChangeBus) -> Self {
        Self {
            bus,
            table: Arc::default(),
            looks: Arc::new(Semaphore::new(MAX_CONCURRENT_QUERIES)),
        }
    }

    /// Registers a call that waits for the job.
    ///
    /// Errors: `overloaded` when the server has reached its limit of waiting calls.
    pub fn enter(&self, id: &str) -> Result<JobWait> {
        let mut room = self.room();
        if room.count >= MAX_WAITING_CALLS {
            return Err(Error::Full("waiting calls"));
        }
        room.count += 1;
        let id: Arc<str> = id.into();
        let waiters = room.jobs.entry(id.clone()).or_default();
        waiters.count += 1;
        let wake = waiters.wake.clone();
        if !std::mem::replace(&mut room.watched, true) {
            tokio::spawn(self.clone().watch(self.bus.subscribe()));
        }
        drop(room);
        Ok(JobWait {
            waits: self.clone(),
            id,
            wake,
        })
    }

    /// Returns how long a call waits for a notification before it queries its job.
    pub fn patience(&self) -> Duration {
        let count = u32::try_from(self.room().count).unwrap_or(u32::MAX);
        QUERY_INTERVAL.max(QUERY_INTERVAL_PER_CALL.saturating_mul(count))
    }

    /// Waits for a permit to query a job; `None` if no permit is free in time.
    pub async fn turn(&self, until: Instant) -> Option<SemaphorePermit<'_>> {
        timeout_at(until, self.looks.acquire()).await.ok()?.ok()
    }

    /// Forwards notifications until no call waits.
    async fn watch(self, mut news: Subscription) {
        loop {
            let notice = tokio::select! {
                notice = news.next() => notice,
                () = tokio::time::sleep(QUERY_INTERVAL) => Arc::default(),
            };
            let mut room = self.room();
            if room.count == 0 {
                room.watched = false;
                return;
            }
            if notice.more {
                room.jobs
                    .values()
                    .for_each(|waiters| waiters.wake.notify_waiters());
            } else {
                let concerned = notice
                    .jobs
                    .iter()
                    .filter_map(|news| room.jobs.get(news.job_id.as_str()));
                concerned.for_each(|waiters| waiters.wake.notify_waiters());
            }
        }
    }

    fn room(&self) -> MutexGuard<'_, WaiterTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for JobWait {
    fn drop(&mut self) {
        let mut room = self.waits.room();
        room.count -= 1;
        if let Some(waiters) = room.jobs.get_mut(&self.id) {
            waiters.count -= 1;
            if waiters.count == 0 {
                room.jobs.remove(&self.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn as_many_wait_as_the_server_holds_and_those_of_a_job_are_woken_alone() {
        let waits = JobWaits::new(ChangeBus::default());
        let mut places: Vec<JobWait> = (0..MAX_WAITING_CALLS)
            .map(|n| waits.enter(&(n / 2).to_string()).unwrap())
            .collect();
        assert!(matches!(waits.enter("more"), Err(Error::Full(_))));
        assert_eq!(waits.patience(), Duration::from_secs(10));
        let same = Arc::ptr_eq(&places[0].wake, &places[1].wake)
            && !Arc::ptr_eq(&places[0].wake, &places[2].wake);
        assert!(same, "one bell a job");
        places.pop();
        assert!(waits.enter("more").is_ok());
        places.clear();
        let room = waits.room();
        assert_eq!(
            (room.count, room.jobs.len()),
            (0, 0),
            "nothing is left of who went"
        );
    }
}
