//! Shared query of the waiting claims: it runs about once a second while a claim waits, and sooner
//! if a notification asks for it.

use super::ClaimWaiters;
use crate::{
    db::{
        CommitNotice, Subscription,
        write::{RankLevel, levels, queues, running},
    },
    error::Result,
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, queue};
use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};
use tokio::time::{Instant, sleep_until};

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

#[derive(Default)]
struct QueueSnapshot {
    /// Earliest due time of the jobs that are not due yet.
    next_due: Option<DateTime<Utc>>,
    /// Types at their limit of running jobs.
    full: BTreeSet<String>,
}

impl ClaimWaiters {
    /// Handles notifications and runs the shared query until no claim waits.
    pub(super) async fn watch(self, mut news: Subscription) {
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
                    pause = if took < QUICK_QUERY {
                    MIN_QUERY_INTERVAL
                } else {
                    (took * REST_FACTOR).min(MAX_REST)
                };
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
            room.wake_type(&job.job_type);
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
            room.wake_type(kind);
        }
        Ok(QueueSnapshot {
            next_due: later.iter().map(|level| level.due_at).min(),
            full,
        })
    }
}
