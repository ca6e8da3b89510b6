//! Settings that scripts pass to their runs, and tests to their processes.

use std::str::FromStr;

/// Returns the value of the environment variable; `None` if it is unset or not of the type.
#[allow(
    clippy::disallowed_methods,
    reason = "scripts and tests pass values to a run this way"
)]
pub fn setting<T: FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}
