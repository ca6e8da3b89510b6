//! Settings of the runs that a script starts, and of the processes that a test starts.

use std::str::FromStr;

/// The value of the environment's variable, if it is there and of the type.
#[allow(clippy::disallowed_methods, reason = "scripts and tests pass values to a run this way")]
pub fn setting<T: FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}
