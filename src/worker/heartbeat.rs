//! The heartbeat of a job: extends its lease and sends the program's reports to the server, until
//! the program has ended and all reports are sent.

use super::{
    Worker,
    backoff::Backoff,
    claim::Claim,
    client::CallError,
    reports::{Reports, State},
    stop::StopLevel,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

/// Minimum time between two heartbeats while reports wait, so that they share a request.
const REPORT_INTERVAL: Duration = Duration::from_millis(500);

/// Minimum time between two heartbeats while items wait. It is shorter because a crash would cost
/// the work of items that were not reported.
const ITEM_INTERVAL: Duration = Duration::from_millis(50);

/// State of the lease, as far as the worker knows it.
#[derive(Clone, Debug)]
pub struct Lease {
    /// Time until which the lease is certainly valid, by this host's clock.
    pub until: Instant,
    pub cancel_requested: bool,
    /// Reason why the lease was lost; `None` while it is valid.
    pub over: Option<String>,
    /// Reason why the server first rejected a report; `None` if it rejected none.
    pub refused: Option<String>,
}

pub struct Heartbeat {
    pub worker: Arc<Worker>,
    pub claim: Arc<Claim>,
    pub reports: Arc<Reports>,
    pub lease: Arc<watch::Sender<Lease>>,
}

impl Heartbeat {
    /// Sends heartbeats until all reports are sent, or until they cannot be sent any more because
    /// the lease is lost or the worker has to stop.
    pub async fn run(self) {
        let mut last = Instant::now();
        let mut backoff = Backoff::default();
        let mut stop = self.worker.stopper.watch();
        while self.due(last).await {
            let batch = self.reports.take();
            let sent = Instant::now();
            let Worker {
                client, options, ..
            } = &*self.worker;
            let lease_seconds = options.lease.as_secs();
            match client
                .heartbeat(&self.claim.id, &self.claim.token, lease_seconds, &batch)
                .await
            {
                Ok(heart) => {
                    self.worker.display.back();
                    (last, backoff) = (sent, Backoff::default());
                    self.lease.send_modify(|lease| {
                        lease.until = sent + self.worker.options.lease;
                        lease.cancel_requested |= heart.cancel_requested;
                    });
                }
                Err(CallError::Unavailable(why)) => {
                    self.reports.put_back(batch);
                    if self.worker.is_hopeless(&self.lease) {
                        self.worker.stopper.untold();
                        return;
                    }
                    let wait = backoff.next(self.worker.chance.jitter());
                    self.worker.display.away(&why);
                    tokio::select! {
                        () = sleep(wait) => {}
                        _ = stop.changed() => {}
                    }
                }
                Err(CallError::LeaseLost(why)) => {
                    self.lease.send_modify(|lease| lease.over = Some(why));
                    return;
                }
                Err(CallError::Rejected(why)) => {
                    last = sent;
                    self.lease
                        .send_modify(|lease| lease.refused = lease.refused.take().or(Some(why)));
                }
            }
        }
    }

    /// Waits until a heartbeat is due. Returns false once the program has ended and all reports are
    /// sent.
    async fn due(&self, last: Instant) -> bool {
        loop {
            let wait = match self.reports.state() {
                State::Finished => return false,
                State::Urgent => ITEM_INTERVAL,
                State::Something => REPORT_INTERVAL,
                State::Nothing => self.worker.options.lease / 3,
            };
            tokio::select! {
                () = sleep_until(last + wait) => return true,
                () = self.reports.news() => {}
            }
        }
    }
}

impl Worker {
    /// Returns whether the worker is stopping and its reports would be too late: the lease may have
    /// ended, or a second signal asked to stop at once.
    pub fn is_hopeless(&self, lease: &watch::Sender<Lease>) -> bool {
        match self.stopper.now() {
            StopLevel::No | StopLevel::Drain => false,
            StopLevel::Gently => lease.borrow().until < Instant::now(),
            StopLevel::AtOnce => true,
        }
    }
}
