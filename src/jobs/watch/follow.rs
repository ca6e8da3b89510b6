//! follow: lets a follower act on the history, and passes an event that it cannot act on.

use crate::{
    db::{
        Certain, certain_behind, last_position,
        write::{Follow, Follower},
    },
    error::{Error, Result},
    jobs::JobManager,
};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Runs that fail at an event before the follower passes it.
const MAX_TRIES: u32 = 5;

/// Failures of followers on this server, by the name of the follower.
#[derive(Default)]
pub struct FollowerFailures(Mutex<HashMap<String, Failure>>);

struct Failure {
    /// Events that are still read one by one, to find the one that fails.
    left: u64,
    /// Runs that failed at the first of them.
    tries: u32,
}

impl JobManager {
    /// Returns the position up to which the history is certain; `None` if nothing follows this one.
    pub async fn certain_behind(&self, position: i64) -> Result<Option<Certain>> {
        if last_position(self.db.read()).await? <= position {
            return Ok(None);
        }
        Ok(Some(certain_behind(self.db.read(), position).await?))
    }

    /// Lets the follower act on all events up to `upto`, page by page, and returns the number of
    /// pages; if that is the maximum of the follower, more events may be left. An event that it
    /// fails at in five runs is logged, counted in the status of the loop, and passed. Servers may
    /// run this at the same time.
    pub async fn follow<F: Follower>(
        &self,
        of_loop: &'static str,
        follower: F,
        upto: i64,
    ) -> Result<u64> {
        let name = follower.name().to_owned();
        let mut pages = 0;
        loop {
            let singly = self.follower_failures.reads_singly(&name);
            let page = |skips| Follow {
                follower: follower.clone(),
                upto,
                at_most: if singly { 1 } else { F::PAGE },
                skips,
            };
            let followed = match self.db.commit(page(false)).await {
                Ok(followed) => followed,
                Err(error) if error.is_passing() || matches!(error, Error::Overloaded) => {
                    return Err(error);
                }
                Err(_) if !singly => {
                    self.follower_failures.read_singly(&name, F::PAGE);
                    continue;
                }
                Err(error) if self.follower_failures.failed(&name) < MAX_TRIES => {
                    return Err(error);
                }
                Err(error) => {
                    let passed = self.db.commit(page(true)).await?;
                    let position = passed.position;
                    tracing::error!(follower = name, position, %error, "an event failed in five \
                        runs and was passed");
                    self.loop_skipped(of_loop);
                    passed
                }
            };
            pages += 1;
            self.follower_failures.passed(&name, followed.events);
            if !followed.more || pages >= F::PAGES {
                return Ok(pages);
            }
        }
    }
}

impl FollowerFailures {
    fn reads_singly(&self, name: &str) -> bool {
        self.lock()
            .get(name)
            .is_some_and(|failure| failure.left > 0)
    }

    fn read_singly(&self, name: &str, left: u64) {
        self.lock()
            .insert(name.to_owned(), Failure { left, tries: 0 });
    }

    /// Counts a failure at a single event, and returns the number so far.
    fn failed(&self, name: &str) -> u32 {
        let mut all = self.lock();
        let Some(failure) = all.get_mut(name) else {
            return 0;
        };
        failure.tries += 1;
        failure.tries
    }

    fn passed(&self, name: &str, events: u64) {
        let mut all = self.lock();
        if let Some(failure) = all.get_mut(name) {
            failure.tries = 0;
            failure.left = failure.left.saturating_sub(events.max(1));
            if failure.left == 0 {
                all.remove(name);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Failure>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
