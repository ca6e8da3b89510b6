//! The lease of a job, as far as its worker knows it.

use super::{batch::ReportBatch, calls::CallError, claim::Claim, connection::Connection};
use crate::uptime;
use std::time::Duration;
use tokio::sync::watch;

pub struct Lease(watch::Sender<LeaseState>);

#[derive(Clone, Debug)]
pub struct LeaseState {
    /// [`uptime()`](crate::uptime()) until which the lease is certainly valid.
    pub until: Duration,
    pub cancel_requested: bool,
    /// Reason why the lease was lost; `None` while it is valid.
    pub over: Option<String>,
    /// Reason why the first report was not taken; `None` if all were.
    pub refused: Option<String>,
}

impl Lease {
    /// Starts the lease of a claim, whose time counts from the answer to it.
    pub fn new(connection: &Connection, claim: &Claim) -> Self {
        Self(watch::Sender::new(LeaseState {
            until: claim.answered + connection.lease,
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

    pub(crate) fn change(&self, change: impl FnOnce(&mut LeaseState)) {
        self.0.send_modify(change);
    }

    pub(crate) fn lose(&self, why: String) {
        self.change(|lease| lease.over = Some(why));
    }

    /// Notes that a report cannot be taken. The first reason stays.
    pub fn refuse(&self, why: &str) {
        self.change(|lease| lease.refused = lease.refused.take().or(Some(why.to_owned())));
    }

    /// Sends one heartbeat, and notes what the server answers.
    pub(crate) async fn extend(
        &self,
        connection: &Connection,
        claim: &Claim,
        batch: &ReportBatch,
    ) -> Result<(), CallError> {
        let sent = uptime();
        let length = connection.lease;
        let heart = connection
            .calls
            .heartbeat(&claim.id, &claim.token, length.as_secs(), batch)
            .await?;
        connection.notices.back();
        self.change(|lease| {
            lease.until = sent + length;
            lease.cancel_requested |= heart.cancel_requested;
        });
        Ok(())
    }
}
