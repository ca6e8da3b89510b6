//! Headers that a request may have only once. If there are two that contradict each other, a proxy
//! and this server might use different ones.

use super::problem::Problem;
use crate::error::FieldError;
use poem::http::HeaderMap;

/// Names as error messages spell them. `Host` is missing here because the gate checks it with the
/// request's target.
const SINGLETON_HEADERS: [&str; 19] = [
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
    "X-API-Key",
];

/// Refuses a request that repeats one of these headers. `If-Match` and `If-None-Match` take a list,
/// but on one line.
pub fn check(headers: &HeaderMap) -> Result<(), Problem> {
    // Nearly all requests repeat no header at all.
    if headers.keys_len() == headers.len() {
        return Ok(());
    }
    let twice = |name: &&&str| headers.get_all(**name).iter().nth(1).is_some();
    match SINGLETON_HEADERS.iter().find(twice) {
        None => Ok(()),
        Some(name) => {
            let detail = format!("Send one {name} header: this request has several.");
            Err(Problem::invalid(vec![FieldError::parameter(
                *name,
                "invalid_header",
                detail,
            )]))
        }
    }
}
