//! Jobs are put in by one caller, then claimed and completed by some workers: the same loop,
//! whichever way they go.

use crate::Arguments;
use std::{
    future::Future,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// A way to the service: in the process, or over HTTP.
pub trait Way: Send + Sync + 'static {
    /// What it takes to complete a job that was claimed.
    type Held: Send;

    fn create(&self, jobs: Range<usize>) -> impl Future<Output = ()> + Send;
    fn claim(&self, jobs: usize) -> impl Future<Output = Vec<Self::Held>> + Send;
    fn complete(&self, held: Vec<Self::Held>) -> impl Future<Output = ()> + Send;
}

pub struct Took {
    pub create: Duration,
    /// Claims and completions together.
    pub work: Duration,
    /// Of each worker's time, on average.
    pub claim: Duration,
    pub complete: Duration,
}

pub async fn through(way: impl Way, arguments: &Arguments) -> Took {
    let &Arguments {
        jobs,
        batch,
        workers,
        ..
    } = arguments;
    let way = Arc::new(way);
    let began = Instant::now();
    for first in (0..jobs).step_by(batch) {
        way.create(first..jobs.min(first + batch)).await;
    }
    let create = began.elapsed();
    let left = Arc::new(AtomicUsize::new(jobs));
    let began = Instant::now();
    let mut working = JoinSet::new();
    for _ in 0..workers {
        working.spawn(work(way.clone(), batch, left.clone()));
    }
    let (claims, completions): (Vec<_>, Vec<_>) = working.join_all().await.into_iter().unzip();
    let mean =
        |took: Vec<Duration>| took.into_iter().sum::<Duration>() / u32::try_from(workers).unwrap();
    Took {
        create,
        work: began.elapsed(),
        claim: mean(claims),
        complete: mean(completions),
    }
}

async fn work(way: Arc<impl Way>, batch: usize, left: Arc<AtomicUsize>) -> (Duration, Duration) {
    let (mut claiming, mut completing) = (Duration::ZERO, Duration::ZERO);
    while left.load(Ordering::Acquire) > 0 {
        let began = Instant::now();
        let held = way.claim(batch).await;
        claiming += began.elapsed();
        if held.is_empty() {
            // The last ones are with other workers.
            tokio::time::sleep(Duration::from_millis(1)).await;
            continue;
        }
        let (jobs, began) = (held.len(), Instant::now());
        way.complete(held).await;
        completing += began.elapsed();
        left.fetch_sub(jobs, Ordering::AcqRel);
    }
    (claiming, completing)
}
