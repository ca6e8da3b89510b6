//! Supervisor of a running program: ends it when its lease, a cancel or a signal requires that.

use super::{
    Worker,
    display::JobDisplay,
    guard::{GuardMessage, Order},
    program::Program,
};
use callsheet_client::lease::{Lease, LeaseState, StopLevel};
use std::sync::Arc;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep_until},
};

/// Reason why the worker ends a program early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// A client requested to cancel the job.
    Cancelled,
    /// The worker has to stop.
    Stopping,
    /// The server rejected a report of the program.
    Refused(String),
    /// The lease is lost; another worker may have the job.
    Lost(String),
}

/// The guard pauses the program when the lease may have run out, and goes on when it was extended.
pub struct Supervisor<'a> {
    worker: &'a Worker,
    program: Program,
    lease: watch::Receiver<LeaseState>,
    why: Option<StopReason>,
    kill_at: Option<Instant>,
    hurry: Arc<Notify>,
}

impl<'a> Supervisor<'a> {
    /// Supervises the program. `hurry` is notified when the lease needs a heartbeat at once.
    pub fn new(worker: &'a Worker, program: Program, lease: &Lease, hurry: Arc<Notify>) -> Self {
        Self {
            worker,
            program,
            lease: lease.watch(),
            why: None,
            kill_at: None,
            hurry,
        }
    }

    /// Waits for the program's end. Returns how it ended, and why the worker ended it.
    pub async fn watch(mut self, row: &JobDisplay) -> (GuardMessage, Option<StopReason>) {
        let mut stop = self.worker.connection.stop.watch();
        let mut lease = self.lease.clone();
        // What happened while the program was started counts too.
        stop.mark_changed();
        lease.mark_changed();
        loop {
            let kill_at = self.kill_at.unwrap_or_else(Instant::now);
            tokio::select! {
                message = self.program.message() => match message {
                    GuardMessage::Paused => {
                        row.note("pauses: the server is away, and the lease may have run out");
                        self.hurry.notify_one();
                    }
                    GuardMessage::WentOn => row.note("goes on"),
                    end => {
                        // The program may have heard of an interruption before this loop did.
                        self.heed(&lease.borrow());
                        self.stop(*stop.borrow());
                        return (end, self.why);
                    }
                },
                Ok(()) = lease.changed() => self.heed(&lease.borrow_and_update().clone()),
                Ok(()) = stop.changed() => self.stop(*stop.borrow_and_update()),
                () = sleep_until(kill_at), if self.kill_at.is_some() => {
                    self.kill_at = None;
                    self.program.order(Order::Kill);
                    row.note("is killed: it did not end when it was asked to");
                }
            }
        }
    }

    fn heed(&mut self, lease: &LeaseState) {
        self.program.order(Order::RunUntil(lease.until));
        if let Some(why) = &lease.over {
            self.why = Some(StopReason::Lost(why.clone()));
            self.program.order(Order::Kill);
        } else if let Some(why) = &lease.refused {
            self.end(StopReason::Refused(why.clone()));
        } else if lease.cancel_requested {
            self.end(StopReason::Cancelled);
        }
    }

    fn stop(&mut self, stop: StopLevel) {
        match stop {
            StopLevel::No | StopLevel::Drain => {}
            StopLevel::Gently => self.end(StopReason::Stopping),
            StopLevel::AtOnce => {
                self.why.get_or_insert(StopReason::Stopping);
                self.program.order(Order::Kill);
            }
        }
    }

    /// Sends SIGTERM now and SIGKILL after the grace time. The first reason stays.
    fn end(&mut self, why: StopReason) {
        if self.why.is_none() {
            self.why = Some(why);
            self.kill_at = Some(Instant::now() + self.worker.options.grace);
            self.program.order(Order::Term(self.worker.options.grace));
        }
    }
}
