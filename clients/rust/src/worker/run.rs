//! One job of a worker, from the claim to the outcome.

use super::{
    Say,
    attempt::{Attempt, Inner, Interruption, read},
    failed::Failed,
    returned::{Returned, outcome, panicked, returned},
};
use crate::lease::{
    Claim, Connection, Delivery, Heartbeat, Lease, LeaseState, Limits, Outcome, Reports, StopLevel,
    deliver,
};
use crate::uptime;
use futures_util::FutureExt;
use serde::Serialize;
use std::{
    future::Future,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

/// Maximum time for the last heartbeat after a second signal.
const LAST_HEARTBEAT: Duration = Duration::from_secs(1);

pub struct Runner<F> {
    pub connection: Arc<Connection>,
    pub function: F,
    pub grace: Duration,
    pub say: Say,
    /// Reason why a claimed job could not be read.
    pub unreadable: OnceLock<String>,
}

impl<F, R, T> Runner<F>
where
    F: Fn(Attempt) -> R + Send + Sync + 'static,
    R: Future<Output = Result<T, Failed>> + Send + 'static,
    T: Serialize + Send + 'static,
{
    pub async fn run(self: Arc<Self>, claim: Claim) {
        let connection = self.connection.clone();
        let id = claim.id.clone();
        (self.say)(&format!(
            "{id} started, attempt {}",
            claim.number("attempt")
        ));
        let lease = Arc::new(Lease::new(&connection, &claim));
        let claim = Arc::new(claim);
        // The request to stop may arrive during the claim; then the job is not started.
        let outcome = if connection.stop.now() < StopLevel::Gently {
            self.attempt(&claim, &lease).await
        } else {
            Ok(Outcome::Released)
        };
        let delivery = match outcome {
            Ok(outcome) => deliver(&connection, &claim, outcome, &lease).await,
            Err(why) => Delivery::Lost(why),
        };
        // Who still holds the attempt, such as a thread that it started, waits no longer.
        lease.lose("the attempt has ended".to_owned());
        (self.say)(&match delivery {
            Delivery::Ended(Outcome::Failed { error, .. }, job) => {
                format!("{id} failed and is {} now: {error}", job.status)
            }
            Delivery::Ended(_, job) => format!("{id} ended and is {} now", job.status),
            Delivery::Lost(why) => format!("{id} dropped: {why}"),
        });
    }

    /// Runs the function. An error is the reason why the server needs no outcome: the lease is
    /// lost.
    async fn attempt(&self, claim: &Arc<Claim>, lease: &Arc<Lease>) -> Result<Outcome, String> {
        let reports = Arc::new(Reports::new(Limits::of_body(claim.max_body_bytes)));
        let attempt = match self.read(claim, lease, &reports) {
            Ok(attempt) => attempt,
            Err(why) => {
                let _ = self.unreadable.set(why);
                self.connection.stop.raise(StopLevel::Drain);
                return Ok(Outcome::Released);
            }
        };
        let hurry = Arc::new(Notify::new());
        let heartbeat = Heartbeat {
            connection: self.connection.clone(),
            claim: claim.clone(),
            reports: reports.clone(),
            lease: lease.clone(),
            hurry: hurry.clone(),
        };
        // A set ends its tasks when it is dropped: no lease is extended for a job that is gone.
        let mut beats = JoinSet::new();
        beats.spawn(heartbeat.run());
        let (returned, why) = self.supervise(attempt, lease, &hurry).await;
        if let Some(Interruption::LeaseLost(why)) = why {
            return Err(why);
        }
        reports.close();
        let stop = &self.connection.stop;
        tokio::select! {
            _ = beats.join_next() => {}
            () = async { stop.reached(StopLevel::AtOnce).await; sleep(LAST_HEARTBEAT).await } => {}
        }
        drop(beats);
        let LeaseState { over, refused, .. } = lease.now();
        if let Some(why) = over {
            return Err(why);
        }
        Ok(outcome(
            returned,
            refused.map(Interruption::Refused).or(why),
        ))
    }

    fn read(
        &self,
        claim: &Claim,
        lease: &Arc<Lease>,
        reports: &Arc<Reports>,
    ) -> Result<Attempt, String> {
        Ok(Attempt::new(Inner {
            job: read("the job", claim.job.clone().into())?,
            items: read("the items of the job", claim.items.clone().into())?,
            token: claim.program_token.clone(),
            reports: reports.clone(),
            lease: lease.clone(),
            stop: self.connection.stop.clone(),
        }))
    }

    /// Polls the function while the lease is valid, until it ends or has to be dropped. Returns
    /// what it returned, and the first interruption.
    async fn supervise(
        &self,
        attempt: Attempt,
        lease: &Lease,
        hurry: &Notify,
    ) -> (Returned, Option<Interruption>) {
        let mut changes = lease.watch();
        let mut stop = self.connection.stop.watch();
        let mut why = None;
        let mut drop_at = Instant::now();
        let function = async { returned((self.function)(attempt.clone()).await) };
        let mut function = pin!(AssertUnwindSafe(function).catch_unwind());
        loop {
            let state = changes.borrow_and_update().clone();
            if let Some(lost) = state.over {
                return (None, Some(Interruption::LeaseLost(lost)));
            }
            if *stop.borrow_and_update() == StopLevel::AtOnce {
                return (None, why.or(Some(Interruption::Stopping)));
            }
            if why.is_none() {
                why = attempt.check().err();
                drop_at = Instant::now() + self.grace;
            }
            let rest = state.until.saturating_sub(uptime());
            if rest.is_zero() {
                hurry.notify_one();
            }
            tokio::select! {
                ended = &mut function, if !rest.is_zero() => {
                    // The function may have heard of an interruption before this loop did.
                    let why = why.or_else(|| attempt.check().err());
                    return (Some(ended.unwrap_or_else(|panic| Err(panicked(&*panic)))), why);
                }
                () = sleep(rest), if !rest.is_zero() => {}
                () = sleep_until(drop_at), if why.is_some() => return (None, why),
                _ = changes.changed() => {}
                _ = stop.changed() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
