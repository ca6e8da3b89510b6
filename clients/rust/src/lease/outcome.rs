//! Outcome of a job, and its delivery to the server.

use super::{
    batch::ReportBatch,
    calls::{CallError, EndedJob},
    claim::Claim,
    connection::Connection,
    obstruction::Obstruction,
    state::Lease,
    stop::StopLevel,
};
use crate::{backoff::Backoff, uptime};
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
        /// Seconds until the next attempt; the queue decides if `None`.
        retry_after_seconds: Option<u64>,
    },
    /// The attempt is given back to the queue.
    Released,
    /// The worker carried out the cancel that a client requested.
    Cancelled,
}

impl Outcome {
    /// Returns a failed attempt of which the server decides whether another one follows.
    pub fn failed(error: impl Into<String>) -> Self {
        Self::Failed {
            error: error.into(),
            retryable: None,
            retry_after_seconds: None,
        }
    }

    /// Returns the outcome to send instead of one that the server does not take; `None` if there is
    /// none, and the lease has to run out.
    fn without(&self, why: &str) -> Option<Self> {
        match self {
            Self::Completed(_) => Some(Self::failed(format!("the result was not taken: {why}"))),
            Self::Failed {
                error,
                retryable,
                retry_after_seconds,
            } if retry_after_seconds.is_some() || error.chars().count() >= SHORT_ERROR_CHARS => {
                Some(Self::Failed {
                    error: error.chars().take(SHORT_ERROR_CHARS - 1).collect(),
                    retryable: *retryable,
                    retry_after_seconds: None,
                })
            }
            _ => None,
        }
    }

    /// Returns the verb and the body, without the lease token, of the request that reports the
    /// outcome.
    fn call(&self) -> (&'static str, Value) {
        match self {
            Self::Completed(None) => ("complete", json!({})),
            Self::Completed(Some(result)) => ("complete", json!({"result": result})),
            Self::Failed {
                error,
                retryable,
                retry_after_seconds,
            } => {
                let mut body = json!({"error": error});
                if let Some(retryable) = retryable {
                    body["retryable"] = (*retryable).into();
                }
                if let Some(seconds) = retry_after_seconds {
                    body["retry_after_seconds"] = (*seconds).into();
                }
                ("fail", body)
            }
            // The server does not requeue a released job whose cancel was requested: it cancels the
            // job.
            Self::Released | Self::Cancelled => ("release", json!({})),
        }
    }
}

/// How a job left the worker.
#[derive(Debug)]
pub enum Delivery {
    /// The server took the outcome, perhaps not the first one: of a result that it refused, the
    /// attempt has failed.
    Ended(Outcome, EndedJob),
    /// The lease is lost, or the outcome did not reach the server or was rejected, for this reason.
    Lost(String),
}

/// Sends the outcome to the server. The outcome is kept, and the lease extended, until the server
/// has answered, unless the worker has to stop.
pub async fn deliver(
    connection: &Connection,
    claim: &Claim,
    mut outcome: Outcome,
    lease: &Lease,
) -> Delivery {
    let mut backoff = Backoff::within(connection.lease);
    let mut obstruction = Obstruction::new(connection.lease);
    let mut stop = connection.stop.watch();
    let mut is_lost = false;
    loop {
        let begun = Instant::now();
        match end(connection, claim, &outcome).await {
            Ok(job) => {
                connection.notices.back();
                return Delivery::Ended(outcome, job);
            }
            Err(CallError::LeaseLost(why)) => return Delivery::Lost(why),
            Err(CallError::Misdirected(why)) if is_lost => return Delivery::Lost(why),
            Err(CallError::Rejected(why)) => match outcome.without(&why) {
                Some(other) => outcome = other,
                None => return Delivery::Lost(why),
            },
            Err(CallError::Misdirected(why)) if obstruction.is_lasting(false, Instant::now()) => {
                let why = format!("something before the server: {why}");
                match outcome.without(&why) {
                    Some(other) => outcome = other,
                    None => return Delivery::Lost(why),
                }
            }
            Err(
                CallError::Unavailable(why)
                | CallError::Misdirected(why)
                | CallError::TooLarge { job_id: why, .. },
            ) => {
                obstruction.failed(false, Instant::now());
                if connection.is_hopeless(lease) {
                    connection.stop.untold();
                    return Delivery::Lost(why);
                }
                connection.notices.away(&why);
                let next = backoff.after(begun, fastrand::f64());
                tokio::select! {
                    () = sleep_until(next) => {}
                    _ = stop.changed() => {}
                }
                is_lost = hold(connection, claim, lease, &mut obstruction).await;
            }
        }
    }
}

async fn end(
    connection: &Connection,
    claim: &Claim,
    outcome: &Outcome,
) -> Result<EndedJob, CallError> {
    let (verb, mut body) = outcome.call();
    body["lease_token"] = claim.token.clone().into();
    let call = connection.calls.end(&claim.id, verb, &body);
    if connection.stop.now() < StopLevel::AtOnce {
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
    connection: &Connection,
    claim: &Claim,
    lease: &Lease,
    obstruction: &mut Obstruction,
) -> bool {
    let rest = lease.now().until.saturating_sub(uptime());
    if connection.stop.now() == StopLevel::AtOnce || rest > connection.lease / 2 {
        return false;
    }
    let held = lease
        .extend(connection, claim, &ReportBatch::default())
        .await;
    match held {
        Ok(()) => _ = obstruction.passed(true),
        Err(_) => obstruction.failed(true, Instant::now()),
    }
    matches!(held, Err(CallError::LeaseLost(_)))
}
