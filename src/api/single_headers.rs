//! Headers that a request has once. Of two that contradict each other, a proxy on the way and
//! this server might each follow another one.

use super::problem::Problem;
use crate::error::FieldError;
use poem::http::HeaderMap;

/// In the spelling of a sentence. `Host` is looked at where the request's target is.
const SINGLE: [&str; 18] = [
    "Access-Control-Request-Method",
    "Authorization",
    "Content-Length",
    "Content-Type",
    "Date",
    "Expect",
    "Idempotency-Key",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Last-Event-ID",
    "Origin",
    "Range",
    "Referer",
    "Sec-Fetch-Site",
    "User-Agent",
];

/// Refuses a request that has one of them twice. `If-Match` and `If-None-Match` take a list, on
/// one line.
pub fn check(headers: &HeaderMap) -> Result<(), Problem> {
    // No header at all stands twice in nearly every request.
    if headers.keys_len() == headers.len() {
        return Ok(());
    }
    let twice = |name: &&&str| headers.get_all(**name).iter().nth(1).is_some();
    match SINGLE.iter().find(twice) {
        None => Ok(()),
        Some(name) => {
            let detail = format!("Send one {name} header: this request has several.");
            Err(Problem::invalid(vec![FieldError::parameter(*name, "invalid_header", detail)]))
        }
    }
}
