//! Causes of failures: the newest failed jobs, grouped by their errors.

use crate::{
    db::Failed,
    error::Result,
    jobs::JobManager,
    lifecycle::{alike, first_line},
};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// Failed jobs whose errors begin with the same line, apart from numbers and ids.
pub struct Cause {
    /// First line of the error of the newest of these jobs, at most 1,000 characters; empty if the
    /// job has no error.
    pub error: String,
    /// First line with `#` for numbers and ids: what [`crate::jobs::Filter::error`] takes.
    pub signature: String,
    /// Failed jobs, newest first.
    pub jobs: Vec<FailedJob>,
}

pub struct FailedJob {
    pub job_id: String,
    pub job_type: String,
    pub worker_id: Option<String>,
    pub project_title: Option<String>,
    pub failed_at: Option<DateTime<Utc>>,
}

impl JobManager {
    /// Groups the newest failed jobs, at most `of_jobs`, by cause; the causes with the most jobs
    /// first.
    pub(super) async fn causes(&self, job_type: Option<&str>, of_jobs: u64) -> Result<Vec<Cause>> {
        Ok(gather(self.db.newest_failures(job_type, of_jobs).await?))
    }
}

fn gather(rows: Vec<Failed>) -> Vec<Cause> {
    let mut causes: Vec<Cause> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for failed in rows {
        let line = first_line(failed.error.as_deref().unwrap_or_default());
        let signature = alike(line);
        let at = *known.entry(signature.clone()).or_insert_with(|| {
            causes.push(Cause {
                error: line.to_owned(),
                signature,
                jobs: Vec::new(),
            });
            causes.len() - 1
        });
        causes[at].jobs.push(FailedJob {
            job_id: failed.job_id,
            job_type: failed.job_type,
            worker_id: failed.worker_id,
            project_title: failed.project_title,
            failed_at: failed.failed_at,
        });
    }
    // The sort is stable: of causes with the same number of jobs, the one with the newer job stays
    // first.
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.jobs.len()));
    causes
}
