//! The request that a run end, and why: looked at between two batches, and by whoever reads between two buffers.

use crate::jobs::ABORTED_IMPORT;
use std::{future::Future, sync::Arc};
use tokio::sync::watch;

/// Why a run is to end early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The server stops, or the user interrupted the command.
    Requested,
    /// `abort_import`, by whichever server or command.
    Aborted,
    /// A bound was reached; the sentence says which, and what to do.
    Bound(String),
}

impl StopReason {
    /// What the row of the run says.
    pub fn sentence(&self) -> String {
        const WHOLE: &str = "What came in until then is whole, and running again does the rest.";
        match self {
            StopReason::Requested => format!("Stopped on request. {WHOLE}"),
            StopReason::Aborted => ABORTED_IMPORT.to_owned(),
            StopReason::Bound(why) => format!("{why} {WHOLE}"),
        }
    }
}

type Flag = Arc<watch::Sender<Option<StopReason>>>;

/// Shared by all who have a clone of it.
#[derive(Clone, Debug)]
pub struct Stop {
    own: Flag,
    /// A request to all runs of a server is one to each.
    all: Option<Flag>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { own: Arc::new(watch::Sender::new(None)), all: None }
    }
}

impl Stop {
    /// One for a single run among those that this one stops.
    pub fn of_one(&self) -> Self {
        Self { all: Some(self.own.clone()), ..Self::default() }
    }

    pub fn request(&self) {
        self.request_for(StopReason::Requested);
    }

    /// The first reason counts.
    pub fn request_for(&self, reason: StopReason) {
        self.own.send_if_modified(|stop| {
            let first = stop.is_none();
            stop.get_or_insert(reason);
            first
        });
    }

    pub fn reason(&self) -> Option<StopReason> {
        self.flags().find_map(|flag| flag.borrow().clone())
    }

    pub fn is_requested(&self) -> bool {
        self.flags().any(|flag| flag.borrow().is_some())
    }

    /// What comes of the future, or `None` as soon as the end was requested.
    pub async fn unless_requested<T>(&self, future: impl Future<Output = Option<T>>) -> Option<T> {
        let mut own = self.own.subscribe();
        let mut all = self.all.as_ref().unwrap_or(&self.own).subscribe();
        tokio::select! {
            biased;
            // The senders live as long as this one does.
            _ = own.wait_for(Option::is_some) => None,
            _ = all.wait_for(Option::is_some) => None,
            outcome = future => outcome,
        }
    }

    fn flags(&self) -> impl Iterator<Item = &Flag> {
        [&self.own].into_iter().chain(&self.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_to_all_is_one_to_each_and_the_first_reason_counts() {
        let all = Stop::default();
        let (one, other) = (all.of_one(), all.of_one());
        one.request_for(StopReason::Aborted);
        one.request();
        assert_eq!((one.reason(), other.reason()), (Some(StopReason::Aborted), None));
        all.request();
        assert_eq!((one.reason(), other.reason()), (Some(StopReason::Aborted), Some(StopReason::Requested)));
    }
}
