//! Outcome of a job, and its delivery to the server.

use super::{
    Worker, backoff::Backoff, claim::Claim, client::CallError, display::JobDisplay,
    heartbeat::Lease,
};
use serde_json::{Map, Value, json};
use tokio::{sync::watch, time::sleep};

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

/// Sends the outcome to the server. Retries with backoff while the server is unreachable, unless
/// the worker has to stop.
pub async fn deliver(
    worker: &Worker,
    claim: &Claim,
    mut outcome: Outcome,
    lease: &watch::Sender<Lease>,
    row: &JobDisplay,
) {
    let mut backoff = Backoff::default();
    let mut stop = worker.stopper.watch();
    loop {
        let (verb, mut body) = outcome.call();
        body["lease_token"] = claim.token.clone().into();
        match worker.client.end(&claim.id, verb, &body).await {
            Ok(job) => {
                worker.display.back();
                return row.ended(&outcome, &job);
            }
            Err(CallError::LeaseLost(why)) => return row.lost(&why),
            Err(CallError::Unavailable(why)) => {
                if worker.is_hopeless(lease) {
                    worker.stopper.untold();
                    return row.lost(&why);
                }
                worker.display.away(&why);
                tokio::select! {
                    () = sleep(backoff.next(worker.chance.jitter())) => {}
                    _ = stop.changed() => {}
                }
            }
            // A rejected result becomes a failure. After a rejected failure, the lease runs out.
            Err(CallError::Rejected(why)) => match outcome {
                Outcome::Completed(_) => {
                    outcome = Outcome::failed(format!("the server rejected the result: {why}"))
                }
                _ => return row.lost(&why),
            },
        }
    }
}
