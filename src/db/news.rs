//! News of commits: which jobs changed, told within this process right after the commit, and to the other processes of a
//! PostgreSQL database soon after.
//!
//! News wake whoever waits, and are no more than a hint: they may come twice, late, or, when a connection is cut, not at
//! all. Who waits for a change looks at the database, and looks again after a while without news.

use super::kept::KeptJobs;
use entity::JobStatus;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::broadcast::{self, error::RecvError};

/// Commits that a slow reader may be behind before it is told no more than that there were many.
const BEHIND: usize = 1024;

/// A job changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    pub job_id: String,
    pub job_type: String,
    /// Version of the job after the change.
    pub seq: i64,
    /// Status after the change.
    pub status: JobStatus,
}

/// What one or more commits changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub jobs: Vec<News>,
    /// More jobs changed than are named: any job may have.
    pub more: bool,
    /// Jobs whose leases moved, which is no step of their versions: this process forgets what it keeps of them, and
    /// nobody is told.
    #[serde(skip)]
    pub leases: Vec<String>,
}

impl Told {
    /// Any job may have changed.
    pub fn of_any() -> Self {
        Self { more: true, ..Self::default() }
    }

    /// There is nothing that anyone waits for.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty() && !self.more
    }
}

/// Hands news to everyone who has subscribed.
#[derive(Clone)]
pub struct NewsDesk {
    readers: broadcast::Sender<Arc<Told>>,
    kept: KeptJobs,
}

impl Default for NewsDesk {
    fn default() -> Self {
        Self::new(KeptJobs::new(0))
    }
}

impl NewsDesk {
    /// What it tells of is forgotten by `kept` first.
    pub fn new(kept: KeptJobs) -> Self {
        Self { readers: broadcast::Sender::new(BEHIND), kept }
    }

    pub(super) fn kept(&self) -> &KeptJobs {
        &self.kept
    }

    /// What is told from now on.
    pub fn subscribe(&self) -> Subscription {
        Subscription(self.readers.subscribe())
    }

    pub(super) fn publish(&self, told: Arc<Told>) {
        self.kept.forget(&told);
        if !told.is_empty() {
            // Nobody may be listening.
            let _ = self.readers.send(told);
        }
    }
}

pub struct Subscription(broadcast::Receiver<Arc<Told>>);

impl Subscription {
    /// The next news, in the order of the commits. Safe to be dropped while it waits.
    pub async fn next(&mut self) -> Arc<Told> {
        match self.0.recv().await {
            Ok(told) => told,
            Err(RecvError::Lagged(_)) => Arc::new(Told::of_any()),
            // The desk is gone, and with it whatever could happen.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(seq: i64) -> Arc<Told> {
        let news = News { job_id: "a".into(), job_type: "t".into(), seq, status: JobStatus::Queued };
        Arc::new(Told { jobs: vec![news], ..Told::default() })
    }

    #[tokio::test]
    async fn each_subscriber_hears_all_in_order() {
        let desk = NewsDesk::default();
        let (mut a, mut b) = (desk.subscribe(), desk.subscribe());
        desk.publish(told(1));
        desk.publish(told(2));
        for reader in [&mut a, &mut b] {
            assert_eq!(reader.next().await, told(1));
            assert_eq!(reader.next().await, told(2));
        }
    }

    #[tokio::test]
    async fn who_falls_behind_is_told_that_there_was_more() {
        let desk = NewsDesk::default();
        let mut slow = desk.subscribe();
        for seq in 0..=i64::try_from(BEHIND).unwrap() {
            desk.publish(told(seq));
        }
        assert!(slow.next().await.more);
        assert_eq!(slow.next().await, told(1));
    }
}
