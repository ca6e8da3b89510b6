//! Tasks that go on after a panic: one that is gone for good would be missed only much later.

use futures_util::FutureExt;
use std::{future::Future, panic::AssertUnwindSafe, time::Duration};

/// Before a task that panicked begins again.
const AGAIN: Duration = Duration::from_secs(1);

/// Runs a task that has no end of its own, and begins it again whenever it panicked or returned, until it is dropped.
pub async fn for_ever<F: Future<Output = ()>>(name: &'static str, task: impl Fn() -> F) {
    loop {
        to_its_end(name, &task).await;
        tokio::time::sleep(AGAIN).await;
    }
}

/// Runs a task until it returns, and begins it again whenever it panicked.
pub async fn to_its_end<F: Future<Output = ()>>(name: &'static str, task: impl Fn() -> F) {
    while panics(name, async { task().await }).await {
        tokio::time::sleep(AGAIN).await;
    }
}

/// Runs a task once, and says whether it panicked.
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
            assert!(runs.fetch_add(1, Ordering::Relaxed) > 0, "the first run panics");
        };
        to_its_end("test", task).await;
        assert_eq!(runs.into_inner(), 2);
    }
}
