//! list_loops: how the loops of this server go.

use super::JobManager;
use crate::error::Result;
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How a loop goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoopStatus {
    /// When it ran last.
    pub ran_at: DateTime<Utc>,
    pub runs: u64,
    /// How much it did, of all its runs.
    pub done: u64,
    /// Why its last run failed; `None` when it did not.
    pub error: Option<String>,
    /// Runs that ended in a panic.
    pub panics: u64,
}

/// What is known of a loop.
#[derive(Debug)]
pub struct Loop {
    period: TimeDelta,
    /// When it last ran or went on, or was started. A panic is no run.
    seen_at: DateTime<Utc>,
    status: LoopStatus,
}

/// Periods after which a loop that has not run is late.
const LATE: i32 = 10;

/// By name.
pub type Loops = Arc<Mutex<BTreeMap<&'static str, Loop>>>;

impl JobManager {
    /// A loop is about to run for the first time, and then again and again.
    pub fn loop_began(&self, name: &'static str, period: Duration) {
        let period = TimeDelta::from_std(period).unwrap_or(TimeDelta::MAX);
        let of_name = Loop { period, seen_at: self.now(), status: LoopStatus::default() };
        self.known_loops().insert(name, of_name);
    }

    /// A long run of a loop has come a step further.
    pub fn loop_goes_on(&self, name: &'static str) {
        if let Some(of_name) = self.known_loops().get_mut(name) {
            of_name.seen_at = self.now();
        }
    }

    /// A loop has run once.
    pub fn loop_ran(&self, name: &'static str, done: Result<u64>) {
        let now = self.now();
        self.note_run(name, |of_name| {
            of_name.seen_at = now;
            match done {
                Ok(done) => {
                    of_name.status.done += done;
                    of_name.status.error = None;
                }
                Err(error) => of_name.status.error = Some(error.to_string()),
            }
        });
    }

    /// A run of a loop has ended in a panic.
    pub fn loop_panicked(&self, name: &'static str) {
        self.note_run(name, |of_name| {
            of_name.status.panics += 1;
            of_name.status.error = Some("a run ended in a panic; the log tells where".to_owned());
        });
    }

    fn note_run(&self, name: &'static str, note: impl FnOnce(&mut Loop)) {
        if let Some(of_name) = self.known_loops().get_mut(name) {
            of_name.status.ran_at = self.now();
            of_name.status.runs += 1;
            note(of_name);
        }
    }

    /// The loops of this process that have run, by name.
    pub fn list_loops(&self) -> Vec<(&'static str, LoopStatus)> {
        let loops = self.known_loops();
        let ran = loops.iter().filter(|(_, of_name)| of_name.status.runs > 0);
        ran.map(|(name, of_name)| (*name, of_name.status.clone())).collect()
    }

    /// A sentence for each loop that has not run for ten of its periods.
    pub fn late_loops(&self) -> Vec<String> {
        let now = self.now();
        let loops = self.known_loops();
        let late = loops.iter().filter(|(_, of_name)| now - of_name.seen_at > of_name.period * LATE);
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
