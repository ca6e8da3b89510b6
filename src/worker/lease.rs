//! The lease of a job, as far as its worker knows it.

use super::{Worker, stop::StopLevel, uptime::uptime};
use std::time::Duration;
use tokio::sync::watch;

pub struct Lease(watch::Sender<LeaseState>);

#[derive(Clone, Debug)]
pub struct LeaseState {
    /// [`uptime`] until which the lease is certainly valid.
    pub until: Duration,
    pub cancel_requested: bool,
    /// Reason why the lease was lost; `None` while it is valid.
    pub over: Option<String>,
    /// Reason why the first report was not taken; `None` if all were.
    pub refused: Option<String>,
}

impl Lease {
    pub fn new(until: Duration) -> Self {
        Self(watch::Sender::new(LeaseState {
            until,
            cancel_requested: false,
            over: None,
            refused: None,
        }))
    }

    pub fn now(&self) -> LeaseState {
        self.0.borrow().clone()
    }

    pub fn watch(&self) -> watch::Receiver<LeaseState> {
        self.0.subscribe()
    }

    pub fn change(&self, change: impl FnOnce(&mut LeaseState)) {
        self.0.send_modify(change);
    }

    pub fn lose(&self, why: String) {
        self.change(|lease| lease.over = Some(why));
    }

    pub fn refuse(&self, why: &str) {
        self.change(|lease| lease.refused = lease.refused.take().or(Some(why.to_owned())));
    }
}

impl Worker {
    /// Returns whether the worker is stopping and its reports would be too late: the lease may have
    /// ended, or a second signal asked to stop at once.
    pub fn is_hopeless(&self, lease: &Lease) -> bool {
        match self.stopper.now() {
            StopLevel::No | StopLevel::Drain => false,
            StopLevel::Gently => lease.now().until < uptime(),
            StopLevel::AtOnce => true,
        }
    }
}
