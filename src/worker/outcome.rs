//! How a job ended, and telling it until it is known.

use super::{Worker, backoff::Backoff, claim::Claim, client::Trouble, display::Row, heartbeat::Lease};
use serde_json::{Map, Value, json};
use tokio::{sync::watch, time::sleep};

#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Completed(Option<Map<String, Value>>),
    /// `retryable`: `None` leaves it to the server.
    Failed {
        error: String,
        retryable: Option<bool>,
    },
    /// The attempt is given back.
    Released,
    /// The cancel that someone asked for was done.
    Cancelled,
}

impl Outcome {
    pub fn failed(error: impl Into<String>) -> Self {
        Self::Failed { error: error.into(), retryable: None }
    }

    /// The call that tells it: its verb and its body without the token.
    fn call(&self) -> (&'static str, Value) {
        match self {
            Outcome::Completed(None) => ("complete", json!({})),
            Outcome::Completed(Some(result)) => ("complete", json!({"result": result})),
            Outcome::Failed { error, retryable: None } => ("fail", json!({"error": error})),
            Outcome::Failed { error, retryable: Some(retryable) } => {
                ("fail", json!({"error": error, "retryable": retryable}))
            }
            // A job whose cancelling was asked for does not go back to the queue: it ends as cancelled.
            Outcome::Released | Outcome::Cancelled => ("release", json!({})),
        }
    }
}

/// Tells it until it is known, or is no business of this worker any more.
pub async fn deliver(worker: &Worker, claim: &Claim, mut outcome: Outcome, lease: &watch::Sender<Lease>, row: &Row) {
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
            Err(Trouble::Over(why)) => return row.lost(&why),
            Err(Trouble::Away(why)) => {
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
            // A result that is not taken is a failure; a failure that is not taken ends with the lease.
            Err(Trouble::Refused(why)) => match outcome {
                Outcome::Completed(_) => outcome = Outcome::failed(format!("the result was not taken: {why}")),
                _ => return row.lost(&why),
            },
        }
    }
}
