//! Tasks that restart after a panic. Without that, a task that is gone would be missed only much
//! later.

use futures_util::FutureExt;
use std::{future::Future, panic::AssertUnwindSafe, time::Duration};

/// Delay before a task that panicked is restarted.
const RESTART_DELAY: Duration = Duration::from_secs(1);

/// Runs an endless task, and restarts it whenever it panics or returns, until it is dropped.
pub async fn for_ever<F: Future<Output = ()>>(name: &'static str, task: impl Fn() -> F) {
    loop {
        to_its_end(name, &task).await;
        tokio::time::sleep(RESTART_DELAY).await;
    }
}

/// Runs a task until it returns, and restarts it whenever it panics.
pub async fn to_its_end<F: Future<Output = ()>>(name: &'static str, task: impl Fn() -> F) {
    while panics(name, async { task().await }).await {
        tokio::time::sleep(RESTART_DELAY).await;
    }
}

/// Runs a task once, and returns whether it panicked.
pub async fn panics(name: &'static str, task: impl Future<Output = ()>) -> bool {
    let panicked = AssertUnwindSafe(task).catch_unwind().await.is_err();
    if panicked {
        tracing::error!(name, "a task of the server panicked");
    }
    panicked
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn a_task_that_panicked_begins_again() {
        let runs = AtomicU32::new(0);
        let task = || async {
            assert!(
                runs.fetch_add(1, Ordering::Relaxed) > 0,
                "the first run panics"
            );
        };
        to_its_end("test", task).await;
        assert_eq!(runs.into_inner(), 2);
    }
}
