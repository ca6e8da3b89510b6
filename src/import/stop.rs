//! The request that a run end after the batch that is being written.

use std::{future::Future, sync::Arc};
use tokio::sync::watch;

#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Stop {
    pub fn request(&self) {
        self.0.send_replace(true);
    }

    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// What comes of the future, or `None` as soon as the end was requested.
    pub async fn unless_requested<T>(&self, future: impl Future<Output = Option<T>>) -> Option<T> {
        let mut requests = self.0.subscribe();
        tokio::select! {
            biased;
            // The sender lives as long as this one does.
            _ = requests.wait_for(|requested| *requested) => None,
            outcome = future => outcome,
        }
    }
}
