//! The heartbeat of a job: extends its lease and sends its reports to the server, until they are
//! closed and all of them are sent.

use super::{
    batch::ReportBatch,
    calls::CallError,
    claim::Claim,
    connection::Connection,
    obstruction::Obstruction,
    reports::{Reports, State},
    state::Lease,
};
use crate::backoff::Backoff;
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
    pub connection: Arc<Connection>,
    pub claim: Arc<Claim>,
    pub reports: Arc<Reports>,
    pub lease: Arc<Lease>,
    /// Asks for a heartbeat now: the attempt is paused because the lease may have run out.
    pub hurry: Arc<Notify>,
}

impl Heartbeat {
    /// Sends heartbeats until all reports are sent, or until they cannot be sent any more because
    /// the lease is lost or the worker has to stop.
    pub async fn run(self) {
        let mut last = Instant::now();
        let length = self.connection.lease;
        let mut backoff = Backoff::within(length);
        let mut obstruction = Obstruction::new(length);
        let mut stop = self.connection.stop.watch();
        while self.due(last).await {
            // A batch that does not get through must not cost the lease: an empty one may.
            let batch = if obstruction.is_suspected() {
                ReportBatch::default()
            } else {
                self.reports.take()
            };
            let begun = Instant::now();
            match self
                .lease
                .extend(&self.connection, &self.claim, &batch)
                .await
            {
                Ok(()) => {
                    last = begun;
                    self.reports.sent();
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
                    if self.connection.is_hopeless(&self.lease) {
                        return self.connection.stop.untold();
                    }
                    self.connection.notices.away(&why);
                }
            }
            let next = backoff.after(begun, fastrand::f64());
            tokio::select! {
                () = sleep_until(next) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Looks for the report that the server refuses. An item that it refuses ends the attempt.
    fn refused(&self, batch: ReportBatch, why: &str) {
        if let Some(item) = self.reports.narrow(batch, why) {
            self.lease.refuse(&format!("{}: {why}", item.name()));
            self.reports.sent();
        }
    }

    /// Waits until a heartbeat is due. Returns false once the reports are closed and all sent.
    async fn due(&self, last: Instant) -> bool {
        loop {
            let wait = match self.reports.state() {
                State::Finished => return false,
                State::Urgent => ITEM_INTERVAL,
                State::Something => REPORT_INTERVAL,
                State::Nothing => self.connection.lease / 3,
            };
            tokio::select! {
                () = sleep_until(last + wait) => return true,
                () = self.hurry.notified() => return true,
                () = self.reports.news() => {}
            }
        }
    }
}
