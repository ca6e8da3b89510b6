//! report_outcomes: ends the attempts of many jobs in one call.

use crate::{
    db::write::{ChangeJob, ChangeJobs, Items, Loaded, weight_of_members},
    error::Result,
    jobs::{
        Failure, JobManager, stamped, validate,
        work::{
            finish_job::{check_failure, completed, failed},
            release_job::released,
        },
    },
};
use chrono::{DateTime, Utc};
use entity::job;
use serde_json::{Map, Value};

/// Maximum number of outcomes per call.
const MAX_OUTCOMES: usize = 1000;

/// End of an attempt, as its worker reports it.
#[derive(Clone, Debug)]
pub struct AttemptReport {
    pub job_id: String,
    /// Token of the lease; `None` for a job that was started without a lease.
    pub lease_token: Option<String>,
    pub ending: Ending,
}

#[derive(Clone, Debug)]
pub enum Ending {
    Completed { result: Option<Map<String, Value>> },
    Failed(Failure),
    Released,
}

impl JobManager {
    /// Accepts or refuses each outcome separately, in order, by the rules of mark_completed,
    /// mark_failed and release_job. One transaction writes all accepted outcomes.
    ///
    /// Errors: `invalid_request`; for each outcome `job_not_found`, `job_transition_illegal`,
    /// `lease_lost`.
    pub async fn report_outcomes(
        &self,
        outcomes: Vec<AttemptReport>,
    ) -> Result<Vec<(String, Result<job::Model>)>> {
        check(&outcomes)?;
        let writes = outcomes
            .iter()
            .map(|outcome| self.ended_by(outcome.clone()))
            .collect();
        let changed = self.db.commit(ChangeJobs(writes)).await;
        let ids = outcomes.iter().map(|outcome| outcome.job_id.as_str());
        self.note_refusal(changed.as_ref().err(), ids);
        let changed = changed?;
        let now = self.now();
        let answers = outcomes.into_iter().zip(changed).map(|(outcome, changed)| {
            let changed = changed.map(|changed| {
                if changed.changed {
                    self.note_ending(&outcome.ending, changed.worker_id.as_ref(), now);
                }
                changed.job
            });
            (outcome.job_id, changed)
        });
        Ok(answers.collect())
    }

    fn ended_by(&self, outcome: AttemptReport) -> ChangeJob {
        let AttemptReport {
            job_id,
            lease_token,
            ending,
        } = outcome;
        let items = if matches!(ending, Ending::Completed { .. }) {
            Items::Open
        } else {
            Items::Counted
        };
        let weight = match &ending {
            Ending::Completed { result } => result.as_ref().map_or(0, weight_of_members),
            Ending::Failed(failure) => failure.error.len(),
            Ending::Released => 0,
        };
        let jitter = self.chance.jitter();
        let clock = self.clock.clone();
        let decide = Box::new(move |loaded: &Loaded| {
            let now = clock.now();
            let token = lease_token.as_deref();
            let change = match &ending {
                Ending::Completed { result } => {
                    completed(loaded, token, result.clone().map(Value::Object), now)
                }
                Ending::Failed(failure) => failed(loaded, token, failure, jitter, now),
                Ending::Released => released(loaded, token, now),
            }?;
            Ok(change.map(|change| stamped(change, now)))
        });
        // PostgreSQL refuses a query with a NUL. No job has either character in its id.
        ChangeJob {
            id: job_id.replace('\0', "\u{fffd}"),
            if_version: None,
            items,
            weight,
            decide,
        }
    }

    fn note_ending(&self, ending: &Ending, worker_id: Option<&String>, now: DateTime<Utc>) {
        match ending {
            Ending::Completed { .. } => self.workers.completed(worker_id, now),
            Ending::Failed(_) => self.workers.failed(worker_id, now),
            Ending::Released => {}
        }
    }
}

fn check(outcomes: &[AttemptReport]) -> Result<()> {
    let mut checks = validate::Checks::default();
    if outcomes.is_empty() || outcomes.len() > MAX_OUTCOMES {
        checks.fail(
            "/outcomes",
            "out_of_range",
            format!(
                "Give 1 to {MAX_OUTCOMES} outcomes; these are {}.",
                outcomes.len()
            ),
        );
    }
    for (i, outcome) in outcomes.iter().enumerate().take(MAX_OUTCOMES) {
        if checks.is_full() {
            break;
        }
        match &outcome.ending {
            Ending::Completed { result } => {
                checks.object(format_args!("/outcomes/{i}/result"), result.as_ref())
            }
            Ending::Failed(failure) => {
                check_failure(&mut checks, format_args!("/outcomes/{i}"), failure)
            }
            Ending::Released => {}
        }
    }
    checks.finish()
}
