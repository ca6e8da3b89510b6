//! Location of an object in its store.

use chrono::{DateTime, Utc};

/// Ending of the name of each object.
pub const ENDING: &str = ".jsonl.zst";

/// Returns the location of a new object.
pub fn location(id: &str, now: DateTime<Utc>) -> String {
    format!("{}/{id}{ENDING}", now.format("%Y/%m"))
}

/// Returns whether this may be the location of an object: a year, a month and a name.
pub fn is_location(text: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let mut parts = text.split('/');
    let (year, month) = (parts.next(), parts.next());
    let name = parts.next();
    year.is_some_and(is_number)
        && month.is_some_and(is_number)
        && name.is_some_and(|name| name.ends_with(ENDING))
        && parts.next().is_none()
}
