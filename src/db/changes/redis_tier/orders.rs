//! Changes of the shared cache, which one task sends in batches. No read and no write waits for
//! them.
//!
//! A change that is lost, because too many wait or Redis is away, costs no correctness: a server
//! that heard of a newer version does not use the entry, and it ends with its life.

use super::{entry::encode, key, link::Link, link::PATIENT, scripts};
use crate::db::changes::job_cache::{CachedJob, MAX_AGE};
use redis::Pipeline;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Maximum changes that wait; further ones are lost.
const MAX_WAITING: usize = 2_048;

/// Maximum changes of one batch.
const MAX_BATCH: usize = 64;

/// Change of an entry of the shared cache.
pub enum Order {
    /// Stores a job, if the token is still valid.
    Store { token: String, job: Arc<CachedJob> },
    /// Drops what is older than the version; without a version, drops the job.
    Drop { id: String, version: Option<i64> },
}

/// Queue of changes.
#[derive(Clone)]
pub struct Orders(mpsc::Sender<Order>);

/// Other end of the queue.
pub struct Waiting(mpsc::Receiver<Order>);

/// Creates a queue of changes.
pub fn queue() -> (Orders, Waiting) {
    let (orders, waiting) = mpsc::channel(MAX_WAITING);
    (Orders(orders), Waiting(waiting))
}

impl Orders {
    /// Queues a change; it is lost if too many wait.
    pub fn add(&self, order: Order) {
        let _ = self.0.try_send(order);
    }
}

impl Waiting {
    /// Sends the changes until the queue is dropped.
    pub async fn run(mut self, link: Arc<Link>, prefix: Arc<str>) {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        while self.0.recv_many(&mut batch, MAX_BATCH).await > 0 {
            let mut pipeline = Pipeline::with_capacity(batch.len());
            for order in batch.drain(..) {
                add(&mut pipeline, &prefix, order);
            }
            let _: Option<Vec<redis::Value>> = link
                .call(PATIENT, |mut conn| async move {
                    pipeline.query_async(&mut conn).await
                })
                .await;
        }
    }
}

fn add(pipeline: &mut Pipeline, prefix: &str, order: Order) {
    match order {
        Order::Store { token, job } => {
            let Some(bytes) = encode(&job) else { return };
            let store = pipeline.cmd("EVAL").arg(scripts::STORE).arg(1);
            store.arg(key(prefix, &job.job.id)).arg(token);
            store.arg(job.job.version).arg(bytes);
        }
        Order::Drop { id, version } => {
            let version = version.map(|version| version.to_string());
            let drop = pipeline.cmd("EVAL").arg(scripts::DROP).arg(1);
            drop.arg(key(prefix, &id)).arg(version.unwrap_or_default());
            drop.arg(MAX_AGE.as_millis() as u64);
        }
    }
}
