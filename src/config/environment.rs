//! The environment of this process, and what its programs get of it.

use std::ffi::OsString;

/// Environment variables that every program needs to find files and to write text, besides those of
/// the locale, which begin with `LC_`.
const INHERITED_VARIABLES: [&str; 5] = ["PATH", "HOME", "LANG", "TZ", "TMPDIR"];

/// Environment variables with the worker's own secrets, which no program gets.
const SECRET_VARIABLES: [&str; 6] = [
    "CALLSHEET_API_KEY",
    "CALLSHEET_API_KEY_FILE",
    "CALLSHEET_ADMIN_KEY",
    "CALLSHEET_DATABASE_URL",
    "CALLSHEET_REDIS_URL",
    "CALLSHEET_LISTEN_URL",
];

/// Returns the environment variables that a worker passes to its programs: those that every program
/// needs, and those in `named`, as far as they are set and are no secrets of the worker.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the reader of the environment"
)]
pub fn environment_of_programs(named: &[String]) -> Vec<(OsString, OsString)> {
    let goes = |name: &OsString| {
        let Some(name) = name.to_str() else {
            return false;
        };
        !SECRET_VARIABLES.contains(&name)
            && (INHERITED_VARIABLES.contains(&name)
                || name.starts_with("LC_")
                || named.iter().any(|named| named == name))
    };
    std::env::vars_os().filter(|(name, _)| goes(name)).collect()
}

/// Returns the names of the environment variables that begin with `CALLSHEET_`.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the reader of the environment"
)]
pub fn variables() -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names
        .filter(|name| name.starts_with("CALLSHEET_"))
        .collect()
}
