//! Requests of a key in a minute: counted, and shown in the headers of the IETF's draft
//! `draft-ietf-httpapi-ratelimit-headers`.

use crate::{
    api::problem::Problem,
    error::Error,
    jobs::{KeyLimits, Left},
};
use poem::{
    Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue},
};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Counts a request. Returns what is left; `None` if the key has no limit.
///
/// Errors: `rate_limited`.
pub fn count(limits: &KeyLimits) -> Result<Option<Left>> {
    limits.count_request().map_err(|error| {
        let spent = match &error {
            Error::RateLimited { per_minute, .. } => Some(Left::of(*per_minute, 0)),
            _ => None,
        };
        let mut error = poem::Error::from(Problem::from(error));
        if let Some(spent) = spent {
            error.set_data(spent);
        }
        error
    })
}

/// Attaches what is left to an answer, for its headers.
pub fn with(answer: Result<Response>, left: Left) -> Result<Response> {
    match answer {
        Ok(mut response) => {
            response.extensions_mut().insert(left);
            Ok(response)
        }
        Err(mut error) => {
            error.set_data(left);
            Err(error)
        }
    }
}

/// Adds the headers that say what is left.
pub fn add_headers(left: Left, headers: &mut HeaderMap) {
    let Left {
        per_minute,
        remaining,
        full_in,
    } = left;
    for (name, text) in [
        (POLICY, format!("\"key\";q={per_minute};w=60")),
        (LIMIT, format!("\"key\";r={remaining};t={full_in}")),
    ] {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(name, value);
        }
    }
}
