//! Stop requests for the whole worker, which signals and failures raise.

use super::{Failure, Server};
use crate::process::ignores_hangup;
use std::{
    io,
    sync::{Arc, OnceLock},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Level of a stop request, in order of urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopLevel {
    No,
    /// The worker claims no more jobs; running programs may end by themselves.
    Drain,
    /// First signal: the worker sends SIGTERM to its programs and releases their jobs.
    Gently,
    /// Second signal: the worker kills its programs.
    AtOnce,
}

#[derive(Clone)]
pub struct Stopper {
    stop: Arc<watch::Sender<StopLevel>>,
    broken: Arc<OnceLock<String>>,
    untold: Arc<OnceLock<()>>,
}

impl Stopper {
    /// Starts to listen for SIGTERM, SIGINT and SIGHUP, which the terminal sends when it closes. A
    /// worker that was started with `nohup` goes on then.
    pub fn listen() -> io::Result<Self> {
        let mut kinds = vec![SignalKind::terminate(), SignalKind::interrupt()];
        if !ignores_hangup() {
            kinds.push(SignalKind::hangup());
        }
        let stopper = Self::default();
        for kind in kinds {
            let mut signals = signal(kind)?;
            let heard = stopper.clone();
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    heard.raise(if heard.now() < StopLevel::Gently {
                        StopLevel::Gently
                    } else {
                        StopLevel::AtOnce
                    });
                }
            });
        }
        Ok(stopper)
    }

    /// Returns when a second signal asked to stop at once.
    pub async fn at_once(&self) {
        let mut stop = self.watch();
        // An error is impossible while `self` has the sender.
        let _ = stop.wait_for(|stop| *stop == StopLevel::AtOnce).await;
    }

    pub fn now(&self) -> StopLevel {
        *self.stop.borrow()
    }

    pub fn watch(&self) -> watch::Receiver<StopLevel> {
        self.stop.subscribe()
    }

    /// Raises the stop level, and never lowers it.
    pub fn raise(&self, stop: StopLevel) {
        self.stop.send_if_modified(|now| {
            let raised = stop > *now;
            *now = stop.max(*now);
            raised
        });
    }

    /// Records that the program cannot be run on this host for any job, and stops claiming.
    pub fn broken(&self, why: String) {
        let _ = self.broken.set(why);
        self.raise(StopLevel::Drain);
    }

    /// Records that the server did not get the outcome of a job.
    pub fn untold(&self) {
        let _ = self.untold.set(());
    }

    /// Returns the result with which the worker ends.
    pub fn verdict(&self, server: &Server) -> Result<(), Failure> {
        match (self.broken.get(), self.untold.get()) {
            (Some(why), _) => Err(Failure::Broken(why.clone())),
            (None, Some(())) => Err(Failure::Untold(server.to_string())),
            (None, None) => Ok(()),
        }
    }
}

impl Default for Stopper {
    fn default() -> Self {
        Self {
            stop: Arc::new(watch::Sender::new(StopLevel::No)),
            broken: Arc::default(),
            untold: Arc::default(),
        }
    }
}
