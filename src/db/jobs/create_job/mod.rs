//! Creates jobs: a few statements insert the rows, items and first events of any number of
//! requests.

mod answers;
mod insert;

use crate::{
    db::{
        BatchWrite, Call, Entry, QueuedWrite, Tx, Write, WriteOutcome,
        connection::errors,
        jobs::{locks, weight::weight_of},
    },
    error::{Error, Result},
};
use entity::{active_job, job, job_item};
use insert::create;
use serde_json::Value;

pub struct CreateJob {
    pub job: job::Model,
    pub items: Vec<job_item::Model>,
    /// Whether the creator chose the id, so that a job with this id may have been deleted before.
    pub named: bool,
    /// Entry of the job on its client's list of active jobs.
    pub active: Option<active_job::Model>,
}

pub struct Created {
    pub job: job::Model,
    /// Whether the idempotency key is known; `job` is the one that the first call created then.
    pub replayed: bool,
}

impl Write for CreateJob {
    type Output = Created;

    async fn apply(&self, tx: &Tx) -> Result<Created> {
        let by = tx.by();
        let call = Call {
            write: self,
            by: &by,
        };
        let outcome = create(&[call], tx, false).await?.pop();
        outcome.unwrap_or(WriteOutcome::Blocked).decided()
    }

    /// Returns the idempotency key, or else the id: two creates with one key must not wait for each
    /// other in two queues.
    fn key(&self) -> Option<&str> {
        Some(self.job.idempotency_key.as_deref().unwrap_or(&self.job.id))
    }

    fn weight(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let json = |json: &Option<Value>| json.as_ref().map_or(0, weight_of);
        let items = self
            .items
            .iter()
            .map(|item| 512 + json(&item.input))
            .sum::<usize>();
        let job = &self.job;
        2048 + text(&job.content)
            + text(&job.user_requirement)
            + json(&job.request_data)
            + json(&job.context)
            + json(&job.webhook)
            + items
    }

    fn queued(entry: Entry<Self>) -> QueuedWrite {
        QueuedWrite::Create(Box::new(entry))
    }
}

impl BatchWrite for CreateJob {
    async fn apply_all(calls: &[Call<'_, Self>], tx: &Tx) -> Result<Vec<WriteOutcome<Created>>> {
        create(calls, tx, locks::skips_locked_rows(tx)).await
    }
}

/// Jobs that one caller creates, each accepted or refused by itself.
pub struct CreateJobs {
    pub jobs: Vec<CreateJob>,
}

impl Write for CreateJobs {
    type Output = Vec<Result<Created>>;

    async fn apply(&self, tx: &Tx) -> Result<Self::Output> {
        // A job whose id appears earlier in the call is left for the end, and finds the first one
        // stored.
        let by = tx.by();
        let writes: Vec<_> = self
            .jobs
            .iter()
            .map(|write| Call { write, by: &by })
            .collect();
        let mut outcomes = Vec::with_capacity(writes.len());
        for (outcome, write) in create(&writes, tx, false).await?.into_iter().zip(writes) {
            outcomes.push(match outcome {
                WriteOutcome::Blocked => as_own_answer(write.write.apply(tx).await)?,
                decided => decided.decided(),
            });
        }
        // An idempotency key belongs to the whole call.
        if outcomes
            .iter()
            .any(|outcome| matches!(outcome, Err(Error::IdempotencyKeyReused)))
        {
            Err(Error::IdempotencyKeyReused)
        } else {
            Ok(outcomes)
        }
    }

    fn weight(&self) -> usize {
        self.jobs.iter().map(Write::weight).sum()
    }

    fn is_large(&self) -> bool {
        self.jobs.len() > 100
    }
}

/// Makes the error of one job its own outcome; an error of the database fails the whole call.
fn as_own_answer(outcome: Result<Created>) -> Result<Result<Created>> {
    match outcome {
        Err(error) if errors::is_database_error(&error) => Err(error),
        outcome => Ok(outcome),
    }
}
