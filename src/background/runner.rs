//! Repeated runs of one loop.

use super::Loop;
use crate::jobs::JobManager;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;

/// Runs the loop at once and then repeatedly, until the server shuts down. The delays vary, so that
/// the servers of a database do not run in step.
pub async fn run<L: Loop>(this: L, jobs: JobManager) {
    jobs.loop_began(L::NAME, L::PERIOD);
    loop {
        // A panic leaves no half-done work: the database rolls back the transaction.
        match AssertUnwindSafe(this.run_once(&jobs)).catch_unwind().await {
            Ok(done) => {
                if let Err(error) = &done {
                    tracing::warn!(name = L::NAME, %error, "a background loop failed; it will run \
                        again");
                }
                jobs.loop_ran(L::NAME, done);
            }
            Err(_) => {
                tracing::error!(
                    name = L::NAME,
                    "a background loop panicked; it will run again (please report this as a bug)"
                );
                jobs.loop_panicked(L::NAME);
            }
        }
        tokio::select! {
            () = jobs.ending() => return,
            () = this.wake(&jobs) => {}
            () = tokio::time::sleep(L::PERIOD.mul_f64(0.5 + fastrand::f64())) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Result;
    use std::time::Duration;

    struct Panics;

    impl Loop for Panics {
        const NAME: &'static str = "test";
        const PERIOD: Duration = Duration::from_millis(1);

        async fn run_once(&self, _jobs: &JobManager) -> Result<u64> {
            panic!("a bug")
        }
    }

    #[tokio::test]
    async fn a_loop_that_panics_is_counted_and_goes_on() {
        let jobs = JobManager::detached();
        let running = tokio::spawn(run(Panics, jobs.clone()));
        let panics = || {
            jobs.list_loops()
                .first()
                .map_or(0, |(_, status)| status.panics)
        };
        while panics() < 3 {
            tokio::task::yield_now().await;
        }
        running.abort();
    }
}
