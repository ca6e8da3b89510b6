//! Outcome of a job, and its delivery to the server.

use super::{
    Worker, backoff::Backoff, batch::ReportBatch, claim::Claim, client::CallError,
    display::JobDisplay, lease::Lease, obstruction::Obstruction, stop::StopLevel, uptime::uptime,
};
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// Maximum time for the last call about a job after a second signal.
const LAST_CALL: Duration = Duration::from_secs(2);

/// Maximum characters of an error of which the server refused the longer form.
const SHORT_ERROR_CHARS: usize = 300;

#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Completed(Option<Map<String, Value>>),
    /// The attempt failed. If `retryable` is `None`, the server decides whether to retry.
    Failed {
        error: String,
        retryable: Option<bool>,
    },
    /// The attempt is given back to the queue.
    Released,
    /// The worker carried out the cancel that a client requested.
    Cancelled,
}

impl Outcome {
    pub fn failed(error: impl Into<String>) -> Self {
        Self::Failed {
            error: error.into(),
            retryable: None,
        }
    }

    /// Returns the outcome to send instead of one that the server does not take; `None` if there is
    /// none, and the lease has to run out.
    fn without(&self, why: &str) -> Option<Self> {
        match self {
            Outcome::Completed(_) => Some(Self::failed(format!("the result was not taken: {why}"))),
            Outcome::Failed { error, retryable } if error.chars().count() > SHORT_ERROR_CHARS => {
                Some(Self::Failed {
                    error: error.chars().take(SHORT_ERROR_CHARS - 1).collect(),
                    retryable: *retryable,
                })
            }
            _ => None,
        }
    }

    /// Returns the verb and the body, without the lease token, of the request that reports the
    /// outcome.
    fn call(&self) -> (&'static str, Value) {
        match self {
            Outcome::Completed(None) => ("complete", json!({})),
            Outcome::Completed(Some(result)) => ("complete", json!({"result": result})),
            Outcome::Failed {
                error,
                retryable: None,
            } => ("fail", json!({"error": error})),
            Outcome::Failed {
                error,
                retryable: Some(retryable),
            } => ("fail", json!({"error": error, "retryable": retryable})),
            // The server does not requeue a released job whose cancel was requested: it cancels the
            // job.
            Outcome::Released | Outcome::Cancelled => ("release", json!({})),
        }
    }
}

/// Sends the outcome to the server. The outcome is kept, and the lease extended, until the server
/// has answered, unless the worker has to stop.
pub async fn deliver(
    worker: &Worker,
    claim: &Claim,
    mut outcome: Outcome,
    lease: &Lease,
    row: &JobDisplay,
) {
    let mut backoff = Backoff::within(worker.options.lease);
    let mut obstruction = Obstruction::new(worker.options.lease);
    let mut stop = worker.stopper.watch();
    let mut is_lost = false;
    loop {
        let begun = Instant::now();
        match end(worker, claim, &outcome).await {
            Ok(job) => {
                worker.display.back();
                return row.ended(&outcome, &job);
            }
            Err(CallError::LeaseLost(why)) => return row.lost(&why),
            Err(CallError::Misdirected(why)) if is_lost => return row.lost(&why),
            Err(CallError::Rejected(why)) => match outcome.without(&why) {
                Some(other) => outcome = other,
                None => return row.lost(&why),
            },
            Err(CallError::Misdirected(why)) if obstruction.is_lasting(false, Instant::now()) => {
                let why = format!("something before the server: {why}");
                match outcome.without(&why) {
                    Some(other) => outcome = other,
                    None => return row.lost(&why),
                }
            }
            Err(
                CallError::Unavailable(why)
                | CallError::Misdirected(why)
                | CallError::TooLarge { job_id: why, .. },
            ) => {
                obstruction.failed(false, Instant::now());
                if worker.is_hopeless(lease) {
                    worker.stopper.untold();
                    return row.lost(&why);
                }
                worker.display.away(&why);
                let next = backoff.after(begun, worker.chance.jitter());
                tokio::select! {
                    () = sleep_until(next) => {}
                    _ = stop.changed() => {}
                }
                is_lost = hold(worker, claim, lease, &mut obstruction).await;
            }
        }
    }
}

async fn end(
    worker: &Worker,
    claim: &Claim,
    outcome: &Outcome,
) -> Result<super::client::EndedJob, CallError> {
    let (verb, mut body) = outcome.call();
    body["lease_token"] = claim.token.clone().into();
    let call = worker.client.end(&claim.id, verb, &body);
    if worker.stopper.now() < StopLevel::AtOnce {
        return call.await;
    }
    timeout(LAST_CALL, call)
        .await
        .unwrap_or_else(|_| Err(CallError::Unavailable("no response".to_owned())))
}

/// Extends the lease while the outcome waits, if a part of it has passed. Returns whether it is
/// lost: then the outcome gets one more try, because the server may have it although its answer was
/// lost.
async fn hold(
    worker: &Worker,
    claim: &Claim,
    lease: &Lease,
    obstruction: &mut Obstruction,
) -> bool {
    let rest = lease.now().until.saturating_sub(uptime());
    if worker.stopper.now() == StopLevel::AtOnce || rest > worker.options.lease / 2 {
        return false;
    }
    let held = lease.extend(worker, claim, &ReportBatch::default()).await;
    match held {
        Ok(()) => _ = obstruction.passed(true),
        Err(_) => obstruction.failed(true, Instant::now()),
    }
    matches!(held, Err(CallError::LeaseLost(_)))
}
