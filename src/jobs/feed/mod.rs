//! The feed: one tail over the history for all streams of this process. It runs while someone listens.
//!
//! Readers share one ring of batches. Who is slower than the ring is long is told so, and holds nobody up.

mod batch;
mod held_back;
mod place;
mod round;
mod run;

pub use batch::{Batch, Change};
pub use held_back::HeldBack;
pub use place::Place;

use crate::{db::Database, error::Result};
use round::Round;
use run::Run;
use std::sync::Arc;
use tokio::sync::{Mutex, broadcast, watch};

#[derive(Clone)]
pub struct Feed {
    db: Database,
    running: Arc<Mutex<Option<Arc<Run>>>>,
    over: watch::Sender<bool>,
}

/// What a reader is given that joins.
pub struct Joined {
    /// Everything up to this position is in the history for good, and will not be told.
    pub from: i64,
    /// What was told behind it.
    pub passed: Vec<Arc<Batch>>,
    /// What is told from now on.
    pub next: broadcast::Receiver<Arc<Batch>>,
}

impl Feed {
    pub fn new(db: Database) -> Self {
        Self { db, running: Arc::default(), over: watch::Sender::new(false) }
    }

    /// `None` when the streams of this process are over.
    pub async fn join(&self) -> Result<Option<Joined>> {
        let mut running = self.running.lock().await;
        if *self.over.borrow() {
            return Ok(None);
        }
        let run = match &*running {
            Some(run) => run.clone(),
            None => {
                let run = tokio::select! {
                    run = Run::begin(self.clone()) => run?,
                    () = self.ended() => return Ok(None),
                };
                *running = Some(run.clone());
                run
            }
        };
        Ok(Some(run.join()))
    }

    /// Ends all streams, and those that would begin later.
    pub async fn end(&self) {
        self.over.send_replace(true);
        self.running.lock().await.take();
    }

    pub fn is_over(&self) -> bool {
        *self.over.borrow()
    }

    /// Returns when the streams are over.
    pub async fn ended(&self) {
        let mut over = self.over.subscribe();
        // The sender is part of self.
        let _ = over.wait_for(|over| *over).await;
    }
}
