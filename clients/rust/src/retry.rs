//! Repetition of calls that the server could not take.

use crate::{Error, backoff::Backoff};
use std::{future::Future, time::Duration};
use tokio::time::{Instant, sleep_until};

/// Repeats a call for `time` from its first failure on. A call that must not be made twice is
/// repeated only after the server said that it did not take it.
pub async fn repeat<T, F>(
    time: Duration,
    is_repeatable: bool,
    mut call: impl FnMut() -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut backoff = Backoff::default();
    let mut until = None;
    loop {
        let error = match call().await {
            Err(error) if may_repeat(&error, is_repeatable) => error,
            done => return done,
        };
        let now = Instant::now();
        let delay = backoff.next(fastrand::f64());
        // All clients get the same number, and should not return at once.
        let delay = asked(&error).map_or(delay, |asked| asked + delay / 4);
        if now + delay > *until.get_or_insert(now + time) {
            return Err(error);
        }
        sleep_until(now + delay).await;
    }
}

fn may_repeat(error: &Error, is_repeatable: bool) -> bool {
    let is_untaken = matches!(error, Error::Refused(problem) if problem.status == 429);
    is_untaken || is_repeatable && error.is_temporary()
}

fn asked(error: &Error) -> Option<Duration> {
    match error {
        Error::Refused(problem) => problem.retry_after,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Problem;

    fn refused(status: u16) -> Error {
        Error::Refused(Problem {
            code: "x".into(),
            status,
            detail: "x".into(),
            retry_after: (status == 429).then_some(Duration::from_secs(7)),
        })
    }

    /// Makes a call that fails with these errors, and then succeeds. Returns the calls and seconds.
    async fn calls(mut errors: Vec<Error>, is_repeatable: bool) -> (bool, usize, u64) {
        let begun = Instant::now();
        errors.reverse();
        let mut count = 0;
        let result = repeat(Duration::from_secs(20), is_repeatable, || {
            count += 1;
            let error = errors.pop();
            async move { error.map_or(Ok(()), Err) }
        })
        .await;
        (result.is_ok(), count, begun.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_the_server_could_not_take_is_repeated_for_its_time() {
        let away = || Error::Unavailable("no".into());
        assert_eq!(calls(vec![away(), refused(503)], true).await.1, 3);
        assert_eq!(calls(vec![away()], false).await.1, 1);
        assert_eq!(calls(vec![refused(503)], false).await.1, 1);
        assert_eq!(calls(vec![refused(404)], true).await.1, 1);
        let (is_ok, _, seconds) = calls(vec![refused(429), refused(429)], false).await;
        assert!(is_ok && (14..16).contains(&seconds), "{seconds}");
        let (is_ok, count, seconds) = calls(vec![away(); 100], true).await;
        assert!(!is_ok && count < 20 && seconds <= 20, "{count} {seconds}");
    }
}
