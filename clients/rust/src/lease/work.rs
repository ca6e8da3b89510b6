//! The loop of a worker: claims jobs, and runs each in a task.

use super::{
    calls::CallError,
    claim::{Claim, ClaimCall, fail_too_large},
    connection::Connection,
    stop::StopLevel,
};
use crate::backoff::Backoff;
use std::{future::Future, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

/// Maximum wait for the response to a pending claim after the signal to stop. A server that found
/// jobs answers at once, and the worker releases them.
const PENDING_CLAIM_GRACE: Duration = Duration::from_secs(1);

/// Number of answers in a row that do not come from a Callsheet server, after which a worker that
/// never met its server ends: then its URL is wrong.
const MAX_MISDIRECTED: u32 = 5;

/// Why a worker claims no more jobs.
#[derive(Debug)]
pub enum Ended {
    /// It has to stop.
    Stopped,
    /// The server refused to give jobs, for this reason.
    Refused(String),
}

/// Claims as many jobs as there are free places, and runs each in a task of `running`, until the
/// worker has to stop.
pub async fn work<F>(
    connection: &Connection,
    job_types: &[String],
    concurrency: u32,
    running: &mut JoinSet<()>,
    run: impl Fn(Claim) -> F,
) -> Ended
where
    F: Future<Output = ()> + Send + 'static,
{
    let room = Arc::new(Semaphore::new(concurrency as usize));
    let mut server = Acquaintance::default();
    loop {
        let place = tokio::select! {
            biased;
            () = connection.stop.reached(StopLevel::Drain) => return Ended::Stopped,
            place = room.clone().acquire_owned() => place,
        };
        // The semaphore is never closed.
        let Ok(mut place) = place else {
            return Ended::Stopped;
        };
        while let Ok(more) = room.clone().try_acquire_owned() {
            place.merge(more);
        }
        let call = ClaimCall::new(place.num_permits());
        let claims = match claim(connection, job_types, &call, &mut server).await {
            Ok(claims) => claims,
            Err(ended) => return ended,
        };
        for (claim, place) in claims
            .into_iter()
            .zip(std::iter::from_fn(|| place.split(1)))
        {
            running.spawn(in_place(run(claim), place));
        }
        while running.try_join_next().is_some() {}
    }
}

async fn in_place(job: impl Future<Output = ()>, place: OwnedSemaphorePermit) {
    job.await;
    drop(place);
}

/// What the worker knows of its server from earlier claims.
#[derive(Default)]
struct Acquaintance {
    /// True if the server has answered a claim.
    is_known: bool,
    /// Answers in a row that did not come from the server.
    misdirected: u32,
}

/// Sends the claim until the server has answered it, or the worker has to stop.
async fn claim(
    connection: &Connection,
    job_types: &[String],
    call: &ClaimCall,
    server: &mut Acquaintance,
) -> Result<Vec<Claim>, Ended> {
    let mut backoff = Backoff::default();
    loop {
        let begun = Instant::now();
        let claim = call.send(connection, job_types);
        tokio::pin!(claim);
        let claimed = tokio::select! {
            claimed = &mut claim => claimed,
            () = connection.stop.reached(StopLevel::Drain) => {
                match timeout(PENDING_CLAIM_GRACE, claim).await {
                    Ok(claimed) => claimed,
                    Err(_) => return Err(Ended::Stopped),
                }
            }
        };
        let why = match claimed {
            Ok(claims) => {
                server.is_known = true;
                return Ok(claims);
            }
            Err(CallError::TooLarge { job_id, token }) => {
                fail_too_large(connection, &job_id, &token).await;
                return Ok(Vec::new());
            }
            Err(CallError::LeaseLost(why) | CallError::Rejected(why)) => {
                return Err(refused(connection, why));
            }
            Err(CallError::Misdirected(why)) => {
                server.misdirected += 1;
                if !server.is_known && server.misdirected >= MAX_MISDIRECTED {
                    return Err(refused(connection, why));
                }
                why
            }
            Err(CallError::Unavailable(why)) => {
                server.misdirected = 0;
                why
            }
        };
        connection.notices.away(&why);
        let next = backoff.after(begun, fastrand::f64());
        tokio::select! {
            () = sleep_until(next) => {}
            () = connection.stop.reached(StopLevel::Drain) => return Err(Ended::Stopped),
        }
    }
}

fn refused(connection: &Connection, why: String) -> Ended {
    connection.stop.raise(StopLevel::Drain);
    Ended::Refused(why)
}
