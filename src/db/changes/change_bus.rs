//! Commit notices: which jobs a commit changed. Subscribers in this process receive a notice right
//! after the commit, other processes of a PostgreSQL database soon after.
//!
//! A notice wakes waiting subscribers and is no more than a hint: it may arrive twice, late or,
//! when a connection is cut, not at all. A subscriber that waits for a change queries the database,
//! and queries again after a while without a notice.

use crate::db::changes::{job_cache::JobCache, redis_tier::RedisTier};
use entity::JobStatus;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::broadcast::{self, error::RecvError};

/// Maximum notices that a slow subscriber may lag behind. Beyond that it learns only that any job
/// may have changed.
const MAX_LAG: usize = 1024;

/// Change of one job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobChanged {
    pub job_id: String,
    pub job_type: String,
    /// Version of the job after the change.
    pub seq: i64,
    /// Status of the job after the change.
    pub status: JobStatus,
}

/// Jobs that one or more commits changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitNotice {
    pub jobs: Vec<JobChanged>,
    /// Whether more jobs changed than are named, so that any job may have.
    pub more: bool,
    /// Whether the keys that may call the servers changed.
    #[serde(default)]
    pub keys: bool,
    /// Jobs whose leases changed without a new version. This process removes them from its cache;
    /// subscribers and other processes receive no notice.
    #[serde(skip)]
    pub leases: Vec<String>,
}

impl CommitNotice {
    /// Returns a notice that any job may have changed.
    pub fn of_any() -> Self {
        Self {
            more: true,
            ..Self::default()
        }
    }

    /// Returns whether the notice has nothing for subscribers.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty() && !self.more && !self.keys
    }
}

/// Sends commit notices to all subscribers.
#[derive(Clone)]
pub struct ChangeBus {
    readers: broadcast::Sender<Arc<CommitNotice>>,
    cache: JobCache,
    redis: Option<RedisTier>,
}

impl Default for ChangeBus {
    fn default() -> Self {
        Self::new(JobCache::new(0), None)
    }
}

impl ChangeBus {
    /// Creates a sender that removes the changed jobs from the cache, and lets none of their older
    /// entries in Redis be used, before it sends a notice.
    pub fn new(kept: JobCache, redis: Option<RedisTier>) -> Self {
        Self {
            readers: broadcast::Sender::new(MAX_LAG),
            cache: kept,
            redis,
        }
    }

    pub(in crate::db) fn cache(&self) -> &JobCache {
        &self.cache
    }

    pub(in crate::db) fn redis(&self) -> Option<&RedisTier> {
        self.redis.as_ref()
    }

    /// Subscribes to all later notices.
    pub fn subscribe(&self) -> Subscription {
        Subscription(self.readers.subscribe())
    }

    pub(in crate::db) fn publish(&self, notice: Arc<CommitNotice>) {
        if let Some(redis) = &self.redis {
            redis.note(&notice);
        }
        self.cache.forget(&notice);
        if !notice.is_empty() {
            // The only error is that there is no subscriber.
            let _ = self.readers.send(notice);
        }
    }
}

pub struct Subscription(broadcast::Receiver<Arc<CommitNotice>>);

impl Subscription {
    /// Returns the next notice, in the order of the commits. Safe to be dropped while it waits.
    pub async fn next(&mut self) -> Arc<CommitNotice> {
        match self.0.recv().await {
            Ok(notice) => notice,
            Err(RecvError::Lagged(_)) => Arc::new(CommitNotice::of_any()),
            // The sender is gone, so that no notice can follow.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(seq: i64) -> Arc<CommitNotice> {
        let news = JobChanged {
            job_id: "a".into(),
            job_type: "t".into(),
            seq,
            status: JobStatus::Queued,
        };
        Arc::new(CommitNotice {
            jobs: vec![news],
            ..CommitNotice::default()
        })
    }

    #[tokio::test]
    async fn each_subscriber_hears_all_in_order() {
        let bus = ChangeBus::default();
        let (mut a, mut b) = (bus.subscribe(), bus.subscribe());
        bus.publish(notice(1));
        bus.publish(notice(2));
        for reader in [&mut a, &mut b] {
            assert_eq!(reader.next().await, notice(1));
            assert_eq!(reader.next().await, notice(2));
        }
    }

    #[tokio::test]
    async fn who_falls_behind_is_told_that_there_was_more() {
        let bus = ChangeBus::default();
        let mut slow = bus.subscribe();
        for seq in 0..=i64::try_from(MAX_LAG).unwrap() {
            bus.publish(notice(seq));
        }
        assert!(slow.next().await.more);
        assert_eq!(slow.next().await, notice(1));
    }
}
