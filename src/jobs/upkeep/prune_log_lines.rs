//! prune_log_lines: bounds the log lines of each job, also of running ones.

use crate::{
    db::write::{FoundLines, LogLines, PruneLogLines},
    error::Result,
    jobs::JobManager,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Maximum number of jobs whose lines this process counts.
const MAX_COUNTED_JOBS: usize = 10_000;

/// Lines that this process stored, by job.
pub type StoredLines = Arc<Mutex<HashMap<String, Lines>>>;

#[derive(Clone, Copy, Default)]
pub struct Lines {
    /// Number of lines that the last look found; `None` before the first look.
    found: Option<u64>,
    /// Number of lines that were stored since then.
    new: u64,
}

impl JobManager {
    /// Records that lines of a job were stored.
    pub(in crate::jobs) fn lines_stored(&self, job_id: &str, lines: usize) {
        if lines == 0 {
            return;
        }
        let mut stored = self.stored_lines();
        if stored.len() >= MAX_COUNTED_JOBS && !stored.contains_key(job_id) {
            stored.retain(|_, lines| lines.new > 0);
        }
        stored.entry(job_id.to_owned()).or_default().new += lines as u64;
    }

    /// Removes the oldest log lines of jobs with more than `keep`, and returns the number of events
    /// whose lines are gone. Looks at the jobs whose lines came through this server since the last
    /// call. The events themselves stay.
    pub async fn prune_log_lines(&self, keep: u64) -> Result<u64> {
        let due: Vec<String> = {
            let stored = self.stored_lines();
            let due = stored.iter().filter(|(_, lines)| {
                lines.new > 0 && lines.found.is_none_or(|found| found + lines.new > keep)
            });
            due.map(|(id, _)| id.clone()).collect()
        };
        let mut pruned = 0;
        for job_id in due {
            let new = self
                .stored_lines()
                .get(&job_id)
                .map_or(0, |lines| lines.new);
            let look = LogLines {
                job_id: &job_id,
                keep,
            };
            let FoundLines { kept, old } = look.find(self.db.read()).await?;
            for events in old.chunks(PruneLogLines::MAX) {
                let write = PruneLogLines {
                    job_id: job_id.clone(),
                    events: events.to_vec(),
                };
                pruned += self.db.commit(write).await?;
            }
            if let Some(lines) = self.stored_lines().get_mut(&job_id) {
                lines.found = Some(kept);
                lines.new = lines.new.saturating_sub(new);
            }
        }
        Ok(pruned)
    }

    fn stored_lines(&self) -> MutexGuard<'_, HashMap<String, Lines>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
