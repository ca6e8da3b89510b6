//! list_loops: how the loops of this server go.

use super::JobManager;
use crate::error::Result;
use chrono::{DateTime, Utc};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
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
}

/// By name.
pub type Loops = Arc<Mutex<BTreeMap<&'static str, LoopStatus>>>;

impl JobManager {
    /// A loop has run once.
    pub fn loop_ran(&self, name: &'static str, done: Result<u64>) {
        let mut loops = self.loops.lock().unwrap_or_else(PoisonError::into_inner);
        let status = loops.entry(name).or_default();
        status.ran_at = self.now();
        status.runs += 1;
        match done {
            Ok(done) => {
                status.done += done;
                status.error = None;
            }
            Err(error) => status.error = Some(error.to_string()),
        }
    }

    /// The loops of this process that have run, by name.
    pub fn list_loops(&self) -> Vec<(&'static str, LoopStatus)> {
        let loops = self.loops.lock().unwrap_or_else(PoisonError::into_inner);
        loops.iter().map(|(name, status)| (*name, status.clone())).collect()
    }
}
