//! What can go wrong with a call.

use std::time::Duration;

/// Answer of the server that it does not do what the call asks for (RFC 9457).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// Stable code, e.g. `job_not_found`.
    pub code: String,
    /// HTTP status of the response.
    pub status: u16,
    /// What is wrong and what to do, with the places of the first errors.
    pub detail: String,
    /// Time after which the server asks to try again.
    pub retry_after: Option<Duration>,
}

/// Reason why a call failed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// The server did not answer, or what answered says that it is away. The same call may succeed
    /// later.
    #[error("the server did not take the call: {0}")]
    Unavailable(String),
    /// Something else answered, such as a proxy. If that lasts, the URL is wrong.
    #[error("something else than Callsheet answered: {0}")]
    Misdirected(String),
    /// The server refused the call.
    #[error("{} ({})", .0.detail, .0.code)]
    Refused(Problem),
    /// The answer is larger than 256 MiB. If it is that of a claim, the id and the lease token of
    /// its first job are known.
    #[error("the answer is larger than 256 MiB")]
    TooLarge { claimed: Option<(String, String)> },
}

impl Error {
    /// Returns the code with which the server refused the call, e.g. `job_not_found`.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(problem) => Some(&problem.code),
            _ => None,
        }
    }

    /// Returns whether the server could not take the call now, so that a later one may succeed.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::Refused(problem) => is_temporary(problem.status),
            Self::Misdirected(_) | Self::TooLarge { .. } => false,
        }
    }
}

/// Returns whether a status says that the same call may succeed later.
pub(crate) fn is_temporary(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..)
}
