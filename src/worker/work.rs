//! The loop of a worker: claims jobs, and runs each in a task.

use super::{
    Failure, Worker,
    backoff::Backoff,
    claim::{Claim, ClaimCall, fail_too_large},
    client::CallError,
    run,
    stop::StopLevel,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

/// Maximum wait for the response to a pending claim after the signal to stop. A server that found
/// jobs answers at once, and the worker releases them.
const PENDING_CLAIM_GRACE: Duration = Duration::from_secs(1);

/// Number of answers in a row that do not come from a Callsheet server, after which a worker that
/// never met its server ends: then its URL is wrong.
const MAX_MISDIRECTED: u32 = 5;

/// Claims as many jobs as there are free permits, and runs each in a task, in a loop.
pub async fn work(worker: &Arc<Worker>, running: &mut JoinSet<()>) -> Result<(), Failure> {
    let room = Arc::new(Semaphore::new(worker.options.concurrency as usize));
    let mut stop = worker.stopper.watch();
    let mut server = Acquaintance::default();
    loop {
        let mut place = tokio::select! {
            biased;
            () = stopped(&mut stop) => return Ok(()),
            place = room.clone().acquire_owned() => place.map_err(|_| Failure::Untold("nobody".into()))?,
        };
        while let Ok(more) = room.clone().try_acquire_owned() {
            place.merge(more);
        }
        let call = ClaimCall::new(worker, place.num_permits());
        match claim(worker, &call, &mut server, &mut stop).await? {
            Some(claims) => start(worker, running, claims, place),
            None => return Ok(()),
        }
        while running.try_join_next().is_some() {}
    }
}

/// What the worker knows of its server from earlier claims.
#[derive(Default)]
struct Acquaintance {
    /// True if the server has answered a claim.
    is_known: bool,
    /// Answers in a row that did not come from the server.
    misdirected: u32,
}

/// Sends the claim until the server has answered it. Returns `None` if the worker has to stop.
async fn claim(
    worker: &Worker,
    call: &ClaimCall,
    server: &mut Acquaintance,
    stop: &mut watch::Receiver<StopLevel>,
) -> Result<Option<Vec<Claim>>, Failure> {
    let mut backoff = Backoff::default();
    loop {
        let begun = Instant::now();
        let claim = call.send(worker);
        tokio::pin!(claim);
        let claimed = tokio::select! {
            claimed = &mut claim => claimed,
            () = stopped(stop) => match timeout(PENDING_CLAIM_GRACE, claim).await {
                Ok(claimed) => claimed,
                Err(_) => return Ok(None),
            },
        };
        let why = match claimed {
            Ok(claims) => {
                server.is_known = true;
                return Ok(Some(claims));
            }
            Err(CallError::TooLarge { job_id, token }) => {
                fail_too_large(worker, &job_id, &token).await;
                return Ok(Some(Vec::new()));
            }
            Err(CallError::LeaseLost(why) | CallError::Rejected(why)) => {
                return Err(refused(worker, why));
            }
            Err(CallError::Misdirected(why)) => {
                server.misdirected += 1;
                if !server.is_known && server.misdirected >= MAX_MISDIRECTED {
                    return Err(refused(worker, why));
                }
                why
            }
            Err(CallError::Unavailable(why)) => {
                server.misdirected = 0;
                why
            }
        };
        worker.display.away(&why);
        let next = backoff.after(begun, worker.chance.jitter());
        tokio::select! {
            () = sleep_until(next) => {}
            () = stopped(stop) => return Ok(None),
        }
    }
}

fn start(
    worker: &Arc<Worker>,
    running: &mut JoinSet<()>,
    claims: Vec<Claim>,
    mut place: OwnedSemaphorePermit,
) {
    for (claim, place) in claims
        .into_iter()
        .zip(std::iter::from_fn(|| place.split(1)))
    {
        let worker = worker.clone();
        running.spawn(async move {
            run::run(&worker, claim).await;
            drop(place);
        });
    }
}

fn refused(worker: &Worker, detail: String) -> Failure {
    worker.stopper.raise(StopLevel::Drain);
    Failure::Refused {
        server: worker.options.server.to_string(),
        detail,
    }
}

/// Returns when the worker has to stop. The result of `wait_for` holds a lock for which a second
/// signal would wait, so it is dropped here, before anything else is awaited.
async fn stopped(stop: &mut watch::Receiver<StopLevel>) {
    let _ = stop.wait_for(|stop| *stop != StopLevel::No).await;
}
