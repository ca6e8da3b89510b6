//! The feed: one reader of the history for all streams of this process. It runs while there are
//! subscribers.
//!
//! The subscribers share one ring buffer of batches. A subscriber that falls behind by more than
//! its capacity gets an error, and slows down no other.

mod batch;
mod held_back;
mod position;
mod round;
mod run;

pub use batch::{Change, FeedBatch};
pub use held_back::DeferredEvents;
pub use position::StreamPosition;

use crate::{db::Database, error::Result};
use round::ThrottleWindow;
use run::FeedTask;
use std::sync::Arc;
use tokio::sync::{Mutex, broadcast, watch};

#[derive(Clone)]
pub struct Feed {
    db: Database,
    running: Arc<Mutex<Option<Arc<FeedTask>>>>,
    over: watch::Sender<bool>,
}

/// State that a new subscriber receives.
pub struct Joined {
    /// Position up to which the history is final; the feed sends no event up to it.
    pub from: i64,
    /// Batches that the feed has already sent behind this position.
    pub passed: Vec<Arc<FeedBatch>>,
    /// Receiver of the batches that the feed sends from now on.
    pub next: broadcast::Receiver<Arc<FeedBatch>>,
}

impl Feed {
    pub fn new(db: Database) -> Self {
        Self {
            db,
            running: Arc::default(),
            over: watch::Sender::new(false),
        }
    }

    /// Subscribes to the feed, and starts it if necessary. `None` if the streams of this process
    /// have ended.
    pub async fn join(&self) -> Result<Option<Joined>> {
        let mut running = self.running.lock().await;
        if *self.over.borrow() {
            return Ok(None);
        }
        let run = match &*running {
            Some(run) => run.clone(),
            None => {
                let run = tokio::select! {
                    run = FeedTask::begin(self.clone()) => run?,
                    () = self.ended() => return Ok(None),
                };
                *running = Some(run.clone());
                run
            }
        };
        Ok(Some(run.join()))
    }

    /// Ends all streams, including those that would begin later.
    pub async fn end(&self) {
        self.over.send_replace(true);
        self.running.lock().await.take();
    }

    pub fn is_over(&self) -> bool {
        *self.over.borrow()
    }

    /// Returns when the streams have ended.
    pub async fn ended(&self) {
        let mut over = self.over.subscribe();
        // Cannot fail: `self` holds the sender.
        let _ = over.wait_for(|over| *over).await;
    }
}
