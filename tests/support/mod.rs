//! Support for tests: databases that live as long as one test, a clock and a random source that the
//! test controls, and the real binary as a process.

mod chromium;
mod clock;
mod database;
mod line;
mod patience;
mod pgbouncer;
mod postgres;
mod random;
mod redis;
mod refusal;
mod s3;
mod server;
mod setting;
mod test_app;
mod whole;

pub use chromium::{Chromium, Page};
pub use clock::TestClock;
pub use database::{Backend, TestDb};
pub use line::FaultyProxy;
pub use patience::Patience;
pub use pgbouncer::PgBouncer;
pub use postgres::Postgres;
pub use random::TestRandom;
pub use redis::TestRedis;
pub use refusal::{code_of, parameters, pointers, refusal};
pub use s3::{Fate, SECRET as S3_SECRET, TestBucket, server_url as s3_url};
#[allow(
    unused_imports,
    reason = "for the tests of the HTTP API and of crashes"
)]
pub use server::{Server, callsheet};
pub use setting::setting;
pub use test_app::{TestApp, any_job, claim, for_good, for_now};
pub use whole::Whole;

use std::future::Future;

/// Environment of a test, created for it and removed after it.
pub trait Fixture: Clone + Send + 'static {
    fn set_up(backend: Backend) -> impl Future<Output = Self> + Send;
    fn tear_down(self) -> impl Future<Output = ()> + Send;
}

/// Runs the test on a separate database, which is removed even if the test fails.
pub async fn run<T: Fixture, R>(backend: Backend, test: impl FnOnce(T) -> R)
where
    R: Future<Output = ()> + Send + 'static,
{
    let fixture = T::set_up(backend).await;
    let outcome = tokio::spawn(test(fixture.clone())).await;
    fixture.tear_down().await;
    if let Err(failure) = outcome {
        std::panic::resume_unwind(failure.into_panic());
    }
}

/// Runs the futures at once, each in a separate task, and returns their outputs in the same order.
pub async fn at_once<O: Send + 'static>(
    calls: impl IntoIterator<Item = impl Future<Output = O> + Send + 'static>,
) -> Vec<O> {
    let tasks: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
    let mut outputs = Vec::with_capacity(tasks.len());
    for task in tasks {
        outputs.push(task.await.unwrap());
    }
    outputs
}
