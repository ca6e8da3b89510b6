//! Decides when leases may be found ended: not before workers had their time to come back after a
//! start, an outage of the database, or a jump of the clock.

use crate::{
    db::write::{LeaseEnd, newest_heard},
    error::Result,
    jobs::JobManager,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Time that workers have to come back: their longest backoff of 5 seconds, 5 seconds for a call
/// that hangs meanwhile, and a margin.
pub const GRACE: Duration = Duration::from_secs(12);

/// Time between two rounds from which on the server counts as away: it was stopped, or waited for
/// the database.
const MAX_ROUND_GAP: Duration = Duration::from_secs(5);

/// Difference between the passed times of the wall clock and of the monotonic clock from which on
/// the wall clock counts as set. It is slewed by far less.
const MAX_DRIFT: TimeDelta = TimeDelta::seconds(1);

/// Difference to the database's clock from which on this server finds no lease ended.
const MAX_AHEAD: TimeDelta = TimeDelta::seconds(1);

/// Time after which failing writes hold nothing up any more while others succeed all along: the
/// workers are heard of then.
const MAX_MIXED: Duration = Duration::from_secs(60);

/// Maximum number of jobs whose refused heartbeats are remembered.
const MAX_REFUSED: usize = 10_000;

/// What a round of the rescue sees.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// Time by the wall clock.
    pub now: DateTime<Utc>,
    /// Time by the monotonic clock.
    pub at: Duration,
    /// Number of writes so far that the server or the database could not make.
    pub failed: u64,
    /// Number of writes so far that were made.
    pub made: u64,
    /// How far the wall clock is ahead of the database's; `None` if that is the same clock.
    pub ahead: Option<TimeDelta>,
    /// Time at which a worker of a running job was last heard of.
    pub newest_heard: Option<DateTime<Utc>>,
}

#[derive(Clone, Default)]
pub struct LeaseWatch(Arc<Mutex<Watch>>);

#[derive(Default)]
struct Watch {
    last: Option<Round>,
    /// Monotonic time until which no lease is found ended.
    closed_until: Duration,
    /// Monotonic time since which writes are made, whether or not others fail.
    made_since: Option<Duration>,
    jump: Option<Jump>,
    /// Jobs whose workers were refused by the state of the server, with the monotonic time.
    refused: HashMap<String, Duration>,
    /// Monotonic time, as of the last round or refusal.
    at: Duration,
}

/// Jump of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Jump {
    /// Time that the clock showed after the jump.
    to: DateTime<Utc>,
    by: TimeDelta,
}

impl LeaseWatch {
    /// Returns which leases have ended; `None` while workers still have time to come back.
    pub fn look(&self, round: Round) -> Option<LeaseEnd> {
        self.watch().look(round)
    }

    /// Records that a round failed: the database is away.
    pub fn failed(&self, at: Duration) {
        let mut watch = self.watch();
        watch.closed_until = watch.closed_until.max(at + GRACE);
        watch.made_since = None;
    }

    /// Records that the server refused a call of the worker that runs the job, because of its own
    /// state or that of the database.
    pub fn refused(&self, job_id: &str, at: Duration) {
        let mut watch = self.watch();
        watch.at = watch.at.max(at);
        if watch.refused.len() >= MAX_REFUSED {
            watch.refused.retain(|_, refused| *refused + GRACE > at);
        }
        if watch.refused.len() < MAX_REFUSED {
            watch.refused.insert(job_id.to_owned(), at);
        }
    }

    /// Returns whether a call of the job's worker was refused a moment ago.
    pub fn was_refused(&self, job_id: &str) -> bool {
        let watch = self.watch();
        let refused = watch.refused.get(job_id);
        refused.is_some_and(|refused| *refused + GRACE > watch.at)
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    fn look(&mut self, round: Round) -> Option<LeaseEnd> {
        let last = self.last.replace(round);
        self.at = self.at.max(round.at);
        let at = self.at;
        self.refused.retain(|_, refused| *refused + GRACE > at);
        self.close(last, round);
        self.note_set_back(round);
        if round.ahead.is_some_and(|ahead| ahead.abs() > MAX_AHEAD) || at < self.closed_until {
            return None;
        }
        Some(self.end(round.now))
    }

    /// Closes the watch for the time of grace if something happened since the last round.
    fn close(&mut self, last: Option<Round>, round: Round) {
        let Some(last) = last else {
            self.closed_until = round.at + GRACE;
            return;
        };
        let passed = round.at.saturating_sub(last.at);
        let drift = (round.now - last.now) - TimeDelta::from_std(passed).unwrap_or_default();
        let jumped = drift.abs() > MAX_DRIFT;
        if jumped {
            let before = self.jump.map_or(TimeDelta::zero(), |jump| jump.by);
            self.jump = Some(Jump {
                to: round.now,
                by: before + drift,
            });
        }
        let (failed, made) = (round.failed > last.failed, round.made > last.made);
        self.made_since = match (made, failed) {
            (true, _) => self.made_since.or(Some(round.at)),
            (false, true) => None,
            (false, false) => self.made_since,
        };
        let mixed = self
            .made_since
            .is_some_and(|since| since + MAX_MIXED <= round.at);
        if jumped || passed > MAX_ROUND_GAP || (failed && !mixed) {
            self.closed_until = self.closed_until.max(round.at + GRACE);
        } else if mixed && failed {
            self.closed_until = round.at;
        }
    }

    /// Finds a clock that was set back without this server seeing it jump: before its first round,
    /// between two rounds, or on another server. A worker was heard of in its future.
    fn note_set_back(&mut self, round: Round) {
        let Some(newest) = round.newest_heard else {
            return;
        };
        let (by, known) = (round.now - newest, self.jump.map(|jump| jump.by));
        if by < known.unwrap_or_default().min(TimeDelta::zero()) - MAX_DRIFT {
            self.jump = Some(Jump { to: round.now, by });
        }
    }

    /// After a jump, a lease given before it ends when it would have ended without the jump. One
    /// that was extended since ends by the new time.
    fn end(&mut self, now: DateTime<Utc>) -> LeaseEnd {
        let Some(jump) = self.jump else {
            return LeaseEnd::by(now);
        };
        if (now - jump.to).abs() > crate::db::write::MAX_LEASE + jump.by.abs() {
            self.jump = None;
            return LeaseEnd::by(now);
        }
        let without = now - jump.by;
        // Forward: stamps from before the jump are older than its time. Back: they lie in the
        // future.
        if jump.by > TimeDelta::zero() {
            LeaseEnd::between(now, without, jump.to)
        } else {
            LeaseEnd::between(now, without, now)
        }
    }
}

impl JobManager {
    /// Rescues jobs, unless workers still have time to come back: after a start, after the database
    /// or this server was away, and after a jump of the clock. `ahead` is how far this server's
    /// clock is ahead of the database's.
    pub async fn watch_leases(&self, ahead: Option<TimeDelta>) -> Result<u64> {
        let (failed, made) = self.db.write_counts();
        let newest_heard = newest_heard(self.db.read())
            .await
            .inspect_err(|_| self.lease_watch_failed())?;
        let round = Round {
            now: self.now(),
            at: self.clock.monotonic(),
            failed,
            made,
            ahead,
            newest_heard,
        };
        let Some(end) = self.lease_watch.look(round) else {
            return Ok(0);
        };
        let rescued = self.rescue_ended(end).await;
        if rescued.is_err() {
            self.lease_watch.failed(self.clock.monotonic());
        }
        rescued
    }

    /// Records that the database could not be asked, so that workers get their time to come back.
    pub fn lease_watch_failed(&self) {
        self.lease_watch.failed(self.clock.monotonic());
    }
}
