//! list_loops: status of the background loops of this server.

use crate::{error::Result, jobs::JobManager};
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Status of a background loop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoopStatus {
    /// Time of the last run.
    pub ran_at: DateTime<Utc>,
    pub runs: u64,
    /// Sum of the counts that all runs returned.
    pub done: u64,
    /// Error of the last run; `None` if it succeeded.
    pub error: Option<String>,
    /// Number of runs that ended in a panic.
    pub panics: u64,
    /// Time of the last run that succeeded; `None` if none has.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// Number of runs that failed, including those that ended in a panic.
    pub errors: u64,
    /// Number of events that were passed because the loop failed at them in five runs.
    pub skipped: u64,
}

/// State of a background loop.
#[derive(Debug)]
pub struct Loop {
    period: TimeDelta,
    /// Time when the loop last ran, made progress or was started. A panic does not count as a run.
    seen_at: DateTime<Utc>,
    status: LoopStatus,
}

/// Number of periods without a run after which a loop is late.
const MAX_MISSED_PERIODS: i32 = 10;

/// Background loops by name.
pub type Loops = Arc<Mutex<BTreeMap<&'static str, Loop>>>;

impl JobManager {
    /// Registers a loop before its first run.
    pub fn loop_began(&self, name: &'static str, period: Duration) {
        let period = TimeDelta::from_std(period).unwrap_or(TimeDelta::MAX);
        let of_name = Loop {
            period,
            seen_at: self.now(),
            status: LoopStatus::default(),
        };
        self.known_loops().insert(name, of_name);
    }

    /// Records that a long run of a loop makes progress.
    pub fn loop_goes_on(&self, name: &'static str) {
        if let Some(of_name) = self.known_loops().get_mut(name) {
            of_name.seen_at = self.now();
        }
    }

    /// Records a finished run of a loop.
    pub fn loop_ran(&self, name: &'static str, done: Result<u64>) {
        let now = self.now();
        self.note_run(name, |of_name| {
            of_name.seen_at = now;
            match done {
                Ok(done) => {
                    of_name.status.done += done;
                    of_name.status.error = None;
                    of_name.status.succeeded_at = Some(now);
                }
                Err(error) => {
                    of_name.status.errors += 1;
                    of_name.status.error = Some(error.to_string());
                }
            }
        });
    }

    /// Records a run of a loop that ended in a panic.
    pub fn loop_panicked(&self, name: &'static str) {
        self.note_run(name, |of_name| {
            of_name.status.panics += 1;
            of_name.status.errors += 1;
            of_name.status.error =
                Some("the last run panicked; see the server log for the location".to_owned());
        });
    }

    /// Records that a loop passed an event that it could not act on.
    pub(in crate::jobs) fn loop_skipped(&self, name: &'static str) {
        if let Some(of_name) = self.known_loops().get_mut(name) {
            of_name.status.skipped += 1;
        }
    }

    fn note_run(&self, name: &'static str, note: impl FnOnce(&mut Loop)) {
        if let Some(of_name) = self.known_loops().get_mut(name) {
            of_name.status.ran_at = self.now();
            of_name.status.runs += 1;
            note(of_name);
        }
    }

    /// Lists the loops of this process that have run, by name.
    pub fn list_loops(&self) -> Vec<(&'static str, LoopStatus)> {
        let loops = self.known_loops();
        let ran = loops.iter().filter(|(_, of_name)| of_name.status.runs > 0);
        ran.map(|(name, of_name)| (*name, of_name.status.clone()))
            .collect()
    }

    /// Returns a sentence for each loop that has not run for ten of its periods.
    pub fn late_loops(&self) -> Vec<String> {
        let now = self.now();
        let loops = self.known_loops();
        let late = loops
            .iter()
            .filter(|(_, of_name)| now - of_name.seen_at > of_name.period * MAX_MISSED_PERIODS);
        let sentence = |(name, of_name): (&&str, &Loop)| {
            let seconds = (now - of_name.seen_at).num_seconds();
            format!("The loop {name} has not run for {seconds} seconds.")
        };
        late.map(sentence).collect()
    }

    fn known_loops(&self) -> MutexGuard<'_, BTreeMap<&'static str, Loop>> {
        self.loops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
