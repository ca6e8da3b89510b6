//! One job of a worker, from the claim to the outcome.

use super::{
    Say,
    attempt::{Attempt, Inner, Interruption, read},
    failed::Failed,
};
use crate::lease::{
    Claim, Connection, Delivery, Heartbeat, Lease, LeaseState, Limits, Outcome, Reports, StopLevel,
    deliver,
};
use crate::uptime;
use futures_util::FutureExt;
use serde::Serialize;
use serde_json::{Map, Value};
use std::{
    any::Any,
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

/// How the function ended; `None` if it was dropped.
type Returned = Option<Result<Option<Map<String, Value>>, Failed>>;

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

/// Converts what the function returned into the result of a job.
fn returned<T: Serialize>(
    returned: Result<T, Failed>,
) -> Result<Option<Map<String, Value>>, Failed> {
    match serde_json::to_value(returned?)? {
        Value::Null => Ok(None),
        Value::Object(result) => Ok(Some(result)),
        other => Err(Failed::new(format!(
            "the function returned {}, but a result is an object, such as \
            {{\"video_path\": \"/media/film.mp4\"}}",
            kind(&other)
        ))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "an array",
        Value::String(_) => "a text",
        Value::Number(_) => "a number",
        _ => "a truth value",
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Failed {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    Failed::new(format!(
        "the function panicked: {}",
        text.unwrap_or("without a text")
    ))
}

/// Decides how the attempt ended.
fn outcome(returned: Returned, why: Option<Interruption>) -> Outcome {
    match (why, returned) {
        (Some(Interruption::Refused(why)), _) => {
            Outcome::failed(format!("a report was not taken: {why}"))
        }
        (Some(Interruption::Cancelled), _) => Outcome::Cancelled,
        (_, Some(Ok(result))) => Outcome::Completed(result),
        (Some(_), _) | (None, None) => Outcome::Released,
        (None, Some(Err(failed))) => Outcome::Failed {
            error: failed.error,
            retryable: failed.retryable,
            retry_after_seconds: failed.retry_after.map(|time| time.as_secs()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Client, lease::Notices};
    use serde_json::json;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    struct Silent;

    impl Notices for Silent {
        fn away(&self, _: &str) {}
        fn back(&self) {}
        fn note(&self, _: &str) {}
    }

    fn claim(answered: Duration) -> Claim {
        Claim {
            id: "film".into(),
            job: Map::new(),
            token: "t".into(),
            program_token: None,
            items: Vec::new(),
            answered,
            max_body_bytes: 1 << 20,
        }
    }

    const LENGTH: Duration = Duration::from_secs(60);

    fn connection() -> Arc<Connection> {
        let client = Client::new("http://127.0.0.1:1".parse().unwrap(), None).unwrap();
        let silent = Arc::new(Silent);
        Arc::new(Connection::new(client, None, "1", LENGTH, silent))
    }

    fn attempt(connection: &Connection, lease: &Arc<Lease>) -> Attempt {
        Attempt::new(Inner {
            job: serde_json::from_value(crate::types::example()).unwrap(),
            items: Vec::new(),
            token: None,
            reports: Arc::default(),
            lease: lease.clone(),
            stop: connection.stop.clone(),
        })
    }

    #[tokio::test]
    async fn who_holds_an_attempt_that_has_ended_waits_for_no_report() {
        let connection = connection();
        let lease = Arc::new(Lease::new(&connection, &claim(uptime())));
        let attempt = attempt(&connection, &lease);
        let done = attempt.done("one", ());
        lease.lose("the attempt has ended".to_owned());
        assert!(done.await.unwrap_err().to_string().contains("has ended"));
        assert!(attempt.progress(1.0, None).await.is_err());
    }

    #[tokio::test]
    async fn a_function_that_ends_at_once_when_it_is_interrupted_has_not_failed() {
        let connection = connection();
        let stop = connection.stop.clone();
        let runner = Runner {
            connection: connection.clone(),
            function: move |attempt: Attempt| {
                stop.signal();
                async move { Err::<Value, _>(attempt.check().unwrap_err().into()) }
            },
            grace: LENGTH,
            say: Arc::new(|_| {}),
            unreadable: OnceLock::new(),
        };
        let lease = Arc::new(Lease::new(&connection, &claim(uptime())));
        let attempt = attempt(&connection, &lease);
        let (end, why) = runner.supervise(attempt, &lease, &Notify::new()).await;
        assert!(matches!(outcome(end, why), Outcome::Released));
    }

    #[tokio::test]
    async fn a_function_is_not_polled_while_the_lease_may_have_ended() {
        let connection = connection();
        let ran = Arc::new(AtomicBool::new(false));
        let runs = ran.clone();
        let runner = Runner {
            connection: connection.clone(),
            function: move |_: Attempt| {
                let runs = runs.clone();
                async move {
                    runs.store(true, Relaxed);
                    Ok(json!({}))
                }
            },
            grace: Duration::ZERO,
            say: Arc::new(|_| {}),
            unreadable: OnceLock::new(),
        };
        let old = claim(uptime().saturating_sub(LENGTH));
        let lease = Arc::new(Lease::new(&connection, &old));
        let hurry = Notify::new();
        let attempt = attempt(&connection, &lease);
        let mut supervised = Box::pin(runner.supervise(attempt, &lease, &hurry));
        assert!(futures_util::poll!(&mut supervised).is_pending());
        hurry.notified().await;
        assert!(!ran.load(Relaxed));
        lease.change(|lease| lease.until = uptime() + LENGTH);
        let (returned, why) = supervised.await;
        assert!(ran.load(Relaxed) && returned.unwrap().is_ok() && why.is_none());
    }
}
