//! The heartbeat of a job: extends its lease and sends the program's reports to the server, until
//! the program has ended and all reports are sent.

use super::{
    Worker,
    backoff::Backoff,
    batch::ReportBatch,
    claim::Claim,
    client::CallError,
    lease::{Lease, LeaseState},
    obstruction::Obstruction,
    reports::{Reports, State},
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// Minimum time between two heartbeats while reports wait, so that they share a request.
const REPORT_INTERVAL: Duration = Duration::from_millis(500);

/// Minimum time between two heartbeats while items wait. It is shorter because a crash would cost
/// the work of items that were not reported.
const ITEM_INTERVAL: Duration = Duration::from_millis(50);

pub struct Heartbeat {
    pub worker: Arc<Worker>,
    pub claim: Arc<Claim>,
    pub reports: Arc<Reports>,
    pub lease: Arc<Lease>,
    /// Asks for a heartbeat now: the program was paused because the lease may have run out.
    pub hurry: Arc<Notify>,
}

impl Heartbeat {
    /// Sends heartbeats until all reports are sent, or until they cannot be sent any more because
    /// the lease is lost or the worker has to stop.
    pub async fn run(self) {
        let mut last = Instant::now();
        let length = self.worker.options.lease;
        let mut backoff = Backoff::within(length);
        let mut obstruction = Obstruction::new(length);
        let mut stop = self.worker.stopper.watch();
        while self.due(last).await {
            // A batch that does not get through must not cost the lease: an empty one may.
            let batch = if obstruction.is_suspected() {
                ReportBatch::default()
            } else {
                self.reports.take()
            };
            let begun = Instant::now();
            match self.lease.extend(&self.worker, &self.claim, &batch).await {
                Ok(()) => {
                    last = begun;
                    if !obstruction.passed(batch.is_empty()) {
                        backoff = Backoff::within(length);
                        continue;
                    }
                }
                Err(CallError::LeaseLost(why)) => return self.lease.lose(why),
                Err(CallError::Rejected(why)) => {
                    last = begun;
                    self.refused(batch, &why);
                    continue;
                }
                Err(CallError::Misdirected(why))
                    if obstruction.is_lasting(batch.is_empty(), begun) =>
                {
                    last = begun;
                    self.refused(batch, &format!("something before the server: {why}"));
                    continue;
                }
                Err(
                    CallError::Unavailable(why)
                    | CallError::Misdirected(why)
                    | CallError::TooLarge { job_id: why, .. },
                ) => {
                    obstruction.failed(batch.is_empty(), begun);
                    self.reports.put_back(batch);
                    if self.worker.is_hopeless(&self.lease) {
                        return self.worker.stopper.untold();
                    }
                    self.worker.display.away(&why);
                }
            }
            let next = backoff.after(begun, self.worker.chance.jitter());
            tokio::select! {
                () = sleep_until(next) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Looks for the report that the server refuses. An item that it refuses ends the program.
    fn refused(&self, batch: ReportBatch, why: &str) {
        if let Some(item) = self.reports.narrow(batch, why) {
            self.lease.refuse(&format!("{}: {why}", item.name()));
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
                () = self.hurry.notified() => return true,
                () = self.reports.news() => {}
            }
        }
    }
}

impl Lease {
    /// Sends one heartbeat, and notes what the server answers.
    pub async fn extend(
        &self,
        worker: &Worker,
        claim: &Claim,
        batch: &ReportBatch,
    ) -> Result<(), CallError> {
        let sent = super::uptime::uptime();
        let length = worker.options.lease;
        let heart = worker
            .client
            .heartbeat(&claim.id, &claim.token, length.as_secs(), batch)
            .await?;
        worker.display.back();
        self.change(|lease: &mut LeaseState| {
            lease.until = sent + length;
            lease.cancel_requested |= heart.cancel_requested;
        });
        Ok(())
    }
}
