//! The headers that requests are steered by: Idempotency-Key, If-Match, If-None-Match, Last-Event-ID.

use super::problem::Problem;
use crate::{
    error::FieldError,
    jobs::{Idempotency, IfVersion},
};
use poem::{FromRequest, Request, RequestBody, Result, http::header};

/// `Idempotency-Key`, if one came.
pub struct IdempotencyKey(Option<String>);

impl IdempotencyKey {
    /// The promise for a call of `operation` with this body, as JSON in one form.
    pub fn of(self, operation: &str, body: Option<&str>) -> Option<Idempotency> {
        Some(Idempotency::of_text(self.0?, operation, body.unwrap_or_default()))
    }
}

impl<'a> FromRequest<'a> for IdempotencyKey {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let Some(raw) = request.headers().get("idempotency-key") else { return Ok(Self(None)) };
        // Read as bytes: poem takes a value that is not ASCII for an absent one, and the promise would be broken.
        match std::str::from_utf8(raw.as_bytes()) {
            Ok(key) => Ok(Self(Some(key.to_owned()))),
            Err(_) => {
                Err(wrong("Idempotency-Key", "Use 1 to 255 visible characters as an Idempotency-Key, e.g. a UUID."))
            }
        }
    }
}

/// `If-Match`: the versions that the change may be made to.
pub struct IfMatch(pub IfVersion);

impl<'a> FromRequest<'a> for IfMatch {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let mut versions = Vec::new();
        let mut given = false;
        for value in request.headers().get_all(header::IF_MATCH) {
            given = true;
            let value = value.to_str().ok().ok_or_else(|| wrong("If-Match", EXPECTED))?;
            if value == "*" {
                return Ok(Self(None));
            }
            // An empty list names no version: nothing may be changed, rather than anything.
            let tags = if value.is_empty() { None } else { Some(value.split(',')) };
            for tag in tags.into_iter().flatten().map(|tag| tag.trim_matches(' ')) {
                let opaque = tag.strip_prefix("W/").unwrap_or(tag);
                let inner = opaque.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
                let inner = inner.filter(|t| t.bytes().all(|b| matches!(b, b'!' | b'#'..=b'~')));
                let inner = inner.ok_or_else(|| wrong("If-Match", EXPECTED))?;
                // A weak tag never matches (RFC 9110, 13.1.1), nor does one that no job ever had.
                if opaque == tag {
                    versions.extend(inner.parse::<i64>());
                }
            }
        }
        Ok(Self(given.then_some(versions)))
    }
}

const EXPECTED: &str = "Send the ETag of the job as it came, quotes included, e.g. If-Match: \"7\".";

/// `If-None-Match`: the versions that the client has.
pub struct IfNoneMatch(Vec<String>);

impl IfNoneMatch {
    /// The client has this one.
    pub fn has(&self, etag: &str) -> bool {
        self.0.iter().any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
    }
}

impl<'a> FromRequest<'a> for IfNoneMatch {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let values = request.headers().get_all(header::IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok());
        Ok(Self(values.flat_map(|v| v.split(',')).map(|tag| tag.trim().to_owned()).collect()))
    }
}

/// `Last-Event-ID`: where a client was in a stream.
pub struct LastEventId(pub Option<String>);

impl<'a> FromRequest<'a> for LastEventId {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let id = request.headers().get("last-event-id");
        // What is not text is no id that was given out, and is refused as such. An empty one says that there was none.
        let id = id.map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
        Ok(Self(id.filter(|id| !id.is_empty())))
    }
}

/// The ETag of a version.
pub fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

fn wrong(name: &str, detail: &str) -> poem::Error {
    Problem::invalid(vec![FieldError::parameter(name, "invalid_header", detail)]).into()
}
