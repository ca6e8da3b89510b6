//! Keeps a job's lease and tells the server what the program said, as long as there is anything to tell.

use super::{
    Worker,
    backoff::Backoff,
    claim::Claim,
    client::Trouble,
    reports::{Reports, State},
    stop::Stop,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

/// Between two calls, when the first one is not over for long: what comes meanwhile goes into one.
const GATHER: Duration = Duration::from_millis(500);

/// The same for items, each of which is work that a crash would cost.
const GATHER_ITEMS: Duration = Duration::from_millis(50);

/// What the worker knows of its lease.
#[derive(Clone, Debug)]
pub struct Lease {
    /// Certainly held until then, on this host's own clock.
    pub until: Instant,
    pub cancel_requested: bool,
    /// Why the job is held no more.
    pub over: Option<String>,
    /// Why a report was not taken.
    pub refused: Option<String>,
}

pub struct Heartbeat {
    pub worker: Arc<Worker>,
    pub claim: Arc<Claim>,
    pub reports: Arc<Reports>,
    pub lease: Arc<watch::Sender<Lease>>,
}

impl Heartbeat {
    /// Ends when everything is told, or can't be any more.
    pub async fn run(self) {
        let mut last = Instant::now();
        let mut backoff = Backoff::default();
        let mut stop = self.worker.stopper.watch();
        while self.due(last).await {
            let batch = self.reports.take();
            let sent = Instant::now();
            let Worker { client, options, .. } = &*self.worker;
            let lease_seconds = options.lease.as_secs();
            match client.heartbeat(&self.claim.id, &self.claim.token, lease_seconds, &batch).await {
                Ok(heart) => {
                    self.worker.display.back();
                    (last, backoff) = (sent, Backoff::default());
                    self.lease.send_modify(|lease| {
                        lease.until = sent + self.worker.options.lease;
                        lease.cancel_requested |= heart.cancel_requested;
                    });
                }
                Err(Trouble::Away(why)) => {
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
                Err(Trouble::Over(why)) => {
                    self.lease.send_modify(|lease| lease.over = Some(why));
                    return;
                }
                Err(Trouble::Refused(why)) => {
                    last = sent;
                    self.lease.send_modify(|lease| lease.refused = lease.refused.take().or(Some(why)));
                }
            }
        }
    }

    /// Waits until a call is due; false when there is nothing left to tell.
    async fn due(&self, last: Instant) -> bool {
        loop {
            let wait = match self.reports.state() {
                State::Over => return false,
                State::Urgent => GATHER_ITEMS,
                State::Something => GATHER,
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
    /// The worker is to stop, and what it has to say would come too late.
    pub fn is_hopeless(&self, lease: &watch::Sender<Lease>) -> bool {
        match self.stopper.now() {
            Stop::No | Stop::Drain => false,
            Stop::Gently => lease.borrow().until < Instant::now(),
            Stop::AtOnce => true,
        }
    }
}
