//! Request to stop a run, with its reason. The import checks it between two batches, and the reader
//! between two buffers.

use crate::jobs::ABORTED_IMPORT;
use std::{future::Future, sync::Arc};
use tokio::sync::watch;

/// Reason for stopping a run early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The server stops, or the user interrupted the command.
    Requested,
    /// A client of any server, or a command, aborted the import.
    Aborted,
    /// A limit was reached; the sentence names it and the cure.
    LimitReached(String),
}

impl StopReason {
    /// Sentence for the row of the run.
    pub fn sentence(&self) -> String {
        const WHOLE: &str = "What came in until then is whole, and running again does the rest.";
        match self {
            StopReason::Requested => format!("Stopped on request. {WHOLE}"),
            StopReason::Aborted => ABORTED_IMPORT.to_owned(),
            StopReason::LimitReached(why) => format!("{why} {WHOLE}"),
        }
    }
}

type Flag = Arc<watch::Sender<Option<StopReason>>>;

/// Stop flag, shared by all its clones.
#[derive(Clone, Debug)]
pub struct StopFlag {
    own: Flag,
    /// Flag that stops all runs of a server.
    all: Option<Flag>,
}

impl Default for StopFlag {
    fn default() -> Self {
        Self {
            own: Arc::new(watch::Sender::new(None)),
            all: None,
        }
    }
}

impl StopFlag {
    /// Creates the flag of a single run, which this flag stops as well.
    pub fn of_one(&self) -> Self {
        Self {
            all: Some(self.own.clone()),
            ..Self::default()
        }
    }

    pub fn request(&self) {
        self.request_for(StopReason::Requested);
    }

    /// Requests the stop; the first reason counts.
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

    /// Returns the output of the future, or `None` as soon as a stop is requested.
    pub async fn unless_requested<T>(&self, future: impl Future<Output = Option<T>>) -> Option<T> {
        let mut own = self.own.subscribe();
        let mut all = self.all.as_ref().unwrap_or(&self.own).subscribe();
        tokio::select! {
            biased;
            // The senders live as long as `self`, so that waiting cannot fail.
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
        let all = StopFlag::default();
        let (one, other) = (all.of_one(), all.of_one());
        one.request_for(StopReason::Aborted);
        one.request();
        assert_eq!(
            (one.reason(), other.reason()),
            (Some(StopReason::Aborted), None)
        );
        all.request();
        assert_eq!(
            (one.reason(), other.reason()),
            (Some(StopReason::Aborted), Some(StopReason::Requested))
        );
    }
}
