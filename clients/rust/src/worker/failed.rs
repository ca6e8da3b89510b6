//! Failure of an attempt.

use std::{error::Error, fmt, time::Duration};

/// Longest time until the next attempt that the server accepts: a week.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Failure of an attempt. Every error converts into one, so that `?` fails the attempt; then the
/// server decides whether another one follows.
#[derive(Debug)]
pub struct Failed {
    pub(crate) error: String,
    pub(crate) retryable: Option<bool>,
    pub(crate) retry_after: Option<Duration>,
}

impl Failed {
    pub fn new(error: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            retryable: None,
            retry_after: None,
        }
    }

    /// Says that no other attempt would help.
    pub fn permanent(mut self) -> Self {
        self.retryable = Some(false);
        self
    }

    /// Says that another attempt may help after this time, at most a week; a fraction of a second
    /// is cut off.
    pub fn retry_after(mut self, time: Duration) -> Self {
        self.retryable = Some(true);
        self.retry_after = Some(time.min(MAX_RETRY_AFTER));
        self
    }
}

// `Failed` is no error itself: then an error could not convert into it.
impl<E: Error> From<E> for Failed {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let said = error.to_string();
            if !text.contains(&said) {
                text = format!("{text}: {said}");
            }
            cause = error.source();
        }
        Self::new(text)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.error)
    }
}
