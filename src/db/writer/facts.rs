//! What a transaction did to jobs, for the metrics and the log. Reported after the commit.

use crate::{
    lifecycle::EventKind,
    metrics::{Ending, Instruments},
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, job, job_event};

pub enum JobFact {
    Created {
        job_type: String,
    },
    Started {
        job_type: String,
        /// Seconds since the job was due.
        waited: Option<f64>,
    },
    Ended(Box<EndedJob>),
}

/// Job that ended, with its durations in seconds.
pub struct EndedJob {
    job_id: String,
    job_type: String,
    ending: Ending,
    attempt: i32,
    worker_id: Option<String>,
    /// From the creation to the first start; `None` if the job never started.
    wait_seconds: Option<f64>,
    /// Time of the last attempt; `None` if none was running.
    run_seconds: Option<f64>,
    /// From the creation to the end.
    total_seconds: f64,
}

impl JobFact {
    /// Returns the fact that an event shows, if it is a create or a start.
    pub fn of_event(event: &job_event::Model) -> Option<Self> {
        let job_type = || event.job_type.clone();
        if event.kind == EventKind::Created.as_str() {
            return Some(Self::Created {
                job_type: job_type()?,
            });
        }
        let is_start = event.kind == EventKind::Started.as_str();
        let waited = event.seconds;
        is_start.then(|| {
            Some(Self::Started {
                job_type: job_type()?,
                waited,
            })
        })?
    }

    /// Returns the fact that a job ended, if the event says so. `before` is the row before the
    /// transaction, `job` the row after it.
    pub fn of_end(
        before: Option<&job::Model>,
        job: &job::Model,
        event: &job_event::Model,
    ) -> Option<Self> {
        let ending = ending(&event.kind)?;
        let was_running = ending != Ending::Cancelled
            || before.is_some_and(|before| before.status == JobStatus::Processing);
        let since_creation = |at: DateTime<Utc>| (at - job.created_at).as_seconds_f64().max(0.0);
        Some(Self::Ended(Box::new(EndedJob {
            job_id: job.id.clone(),
            job_type: job.job_type.clone(),
            ending,
            attempt: job.attempt,
            worker_id: before.unwrap_or(job).worker_id.clone(),
            wait_seconds: job.started_at.map(since_creation),
            run_seconds: event.seconds.filter(|_| was_running),
            total_seconds: since_creation(event.created_at),
        })))
    }

    /// Counts the fact, and logs the end of a job.
    pub fn report(&self, instruments: &Instruments) {
        match self {
            Self::Created { job_type } => instruments.jobs.created(job_type),
            Self::Started { job_type, waited } => instruments.jobs.started(job_type, *waited),
            Self::Ended(job) => {
                let (ending, ran) = (job.ending, job.run_seconds);
                instruments.jobs.ended(&job.job_type, ending, ran);
                job.log();
            }
        }
    }
}

impl EndedJob {
    fn log(&self) {
        tracing::info!(
            job_id = %self.job_id,
            job_type = %self.job_type,
            status = self.ending.as_str(),
            attempt = self.attempt,
            worker_id = self.worker_id.as_deref(),
            wait_seconds = self.wait_seconds,
            run_seconds = self.run_seconds,
            total_seconds = self.total_seconds,
            "job ended"
        );
    }
}

fn ending(kind: &str) -> Option<Ending> {
    [
        (EventKind::Completed, Ending::Completed),
        (EventKind::Failed, Ending::Failed),
        (EventKind::Cancelled, Ending::Cancelled),
    ]
    .into_iter()
    .find(|(known, _)| known.as_str() == kind)
    .map(|(_, ending)| ending)
}
