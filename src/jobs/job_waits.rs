//! Calls that wait for a change of one job each. News of a commit wake those that wait for its jobs and nobody else.

use crate::{
    db::{NewsDesk, Subscription},
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

/// Calls that wait at one server.
pub const MOST_WAITS: usize = 5_000;

/// Between two looks of a call at its job, when no news come: longer for each that waits, so that all of them together
/// look 500 times a second at most.
const LOOK: Duration = Duration::from_secs(1);
const LOOK_FOR_EACH: Duration = Duration::from_millis(2);

/// Looks at once: half of the connections are left to others when something wakes all who wait.
const LOOKS: usize = 4;

#[derive(Clone)]
pub struct JobWaits {
    desk: NewsDesk,
    room: Arc<Mutex<Room>>,
    looks: Arc<Semaphore>,
}

#[derive(Default)]
struct Room {
    count: usize,
    jobs: HashMap<Arc<str>, Waiters>,
    /// News are listened to.
    watched: bool,
}

#[derive(Default)]
struct Waiters {
    count: usize,
    wake: Arc<Notify>,
}

/// A place among those who wait for a job; given up when dropped.
pub struct JobWait {
    waits: JobWaits,
    id: Arc<str>,
    pub wake: Arc<Notify>,
}

impl JobWaits {
    pub fn new(desk: NewsDesk) -> Self {
        Self { desk, room: Arc::default(), looks: Arc::new(Semaphore::new(LOOKS)) }
    }

    /// Errors: `overloaded` when as many wait as the server holds.
    pub fn enter(&self, id: &str) -> Result<JobWait> {
        let mut room = self.room();
        if room.count >= MOST_WAITS {
            return Err(Error::Full("as many waiting calls"));
        }
        room.count += 1;
        let id: Arc<str> = id.into();
        let waiters = room.jobs.entry(id.clone()).or_default();
        waiters.count += 1;
        let wake = waiters.wake.clone();
        if !std::mem::replace(&mut room.watched, true) {
            tokio::spawn(self.clone().watch(self.desk.subscribe()));
        }
        drop(room);
        Ok(JobWait { waits: self.clone(), id, wake })
    }

    /// How long a call waits for news before it looks at its job.
    pub fn patience(&self) -> Duration {
        let count = u32::try_from(self.room().count).unwrap_or(u32::MAX);
        LOOK.max(LOOK_FOR_EACH.saturating_mul(count))
    }

    /// The right to look at a job; none when it does not come in time.
    pub async fn turn(&self, until: Instant) -> Option<SemaphorePermit<'_>> {
        timeout_at(until, self.looks.acquire()).await.ok()?.ok()
    }

    /// Hands on news until nobody waits.
    async fn watch(self, mut news: Subscription) {
        loop {
            let told = tokio::select! {
                told = news.next() => told,
                () = tokio::time::sleep(LOOK) => Arc::default(),
            };
            let mut room = self.room();
            if room.count == 0 {
                room.watched = false;
                return;
            }
            match told.more {
                true => room.jobs.values().for_each(|waiters| waiters.wake.notify_waiters()),
                false => {
                    let concerned = told.jobs.iter().filter_map(|news| room.jobs.get(news.job_id.as_str()));
                    concerned.for_each(|waiters| waiters.wake.notify_waiters());
                }
            }
        }
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
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
        let waits = JobWaits::new(NewsDesk::default());
        let mut places: Vec<JobWait> = (0..MOST_WAITS).map(|n| waits.enter(&(n / 2).to_string()).unwrap()).collect();
        assert!(matches!(waits.enter("more"), Err(Error::Full(_))));
        assert_eq!(waits.patience(), Duration::from_secs(10));
        let same = Arc::ptr_eq(&places[0].wake, &places[1].wake) && !Arc::ptr_eq(&places[0].wake, &places[2].wake);
        assert!(same, "one bell a job");
        places.pop();
        assert!(waits.enter("more").is_ok());
        places.clear();
        let room = waits.room();
        assert_eq!((room.count, room.jobs.len()), (0, 0), "nothing is left of who went");
    }
}
