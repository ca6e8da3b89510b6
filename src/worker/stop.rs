//! When to stop, and how hard: what signals and failures ask of the whole worker.

use super::{Failure, Server};
use std::{
    io,
    sync::{Arc, OnceLock},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// In the order of their force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    No,
    /// Claims no more; what runs may end by itself.
    Drain,
    /// The first signal: programs are asked to end, their jobs are given back.
    Gently,
    /// The second signal: programs are killed.
    AtOnce,
}

#[derive(Clone)]
pub struct Stopper {
    stop: Arc<watch::Sender<Stop>>,
    broken: Arc<OnceLock<String>>,
    untold: Arc<OnceLock<()>>,
}

impl Stopper {
    /// Hears SIGTERM and SIGINT from now on.
    pub fn listen() -> io::Result<Self> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let stopper = Self::default();
        let heard = stopper.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                heard.raise(if heard.now() < Stop::Gently { Stop::Gently } else { Stop::AtOnce });
            }
        });
        Ok(stopper)
    }

    pub fn now(&self) -> Stop {
        *self.stop.borrow()
    }

    pub fn watch(&self) -> watch::Receiver<Stop> {
        self.stop.subscribe()
    }

    /// Never takes back what was asked before.
    pub fn raise(&self, stop: Stop) {
        self.stop.send_if_modified(|now| {
            let raised = stop > *now;
            *now = stop.max(*now);
            raised
        });
    }

    /// The program cannot be run here, whatever the job.
    pub fn broken(&self, why: String) {
        let _ = self.broken.set(why);
        self.raise(Stop::Drain);
    }

    /// The server does not know how a job ended.
    pub fn untold(&self) {
        let _ = self.untold.set(());
    }

    /// How the worker itself ended.
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
        Self { stop: Arc::new(watch::Sender::new(Stop::No)), broken: Arc::default(), untold: Arc::default() }
    }
}
