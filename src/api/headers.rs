//! Request headers that handlers read: Idempotency-Key, If-Match, If-None-Match, Last-Event-ID.

use super::problem::Problem;
use crate::{
    error::FieldError,
    jobs::{Idempotency, IfVersion},
};
use poem::{FromRequest, Request, RequestBody, Result, http::header};

/// Value of the header `Idempotency-Key`, if present.
pub struct IdempotencyKey(Option<String>);

impl IdempotencyKey {
    /// Returns the key with a fingerprint of the operation and of the body, which is canonical
    /// JSON.
    pub fn of(self, operation: &str, body: Option<&str>) -> Option<Idempotency> {
        Some(Idempotency::of_text(
            self.0?,
            operation,
            body.unwrap_or_default(),
        ))
    }
}

impl<'a> FromRequest<'a> for IdempotencyKey {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let Some(raw) = request.headers().get("idempotency-key") else {
            return Ok(Self(None));
        };
        // poem treats a value that is not ASCII as absent, and a repeated call would create twice.
        match std::str::from_utf8(raw.as_bytes()) {
            Ok(key) => Ok(Self(Some(key.to_owned()))),
            Err(_) => Err(wrong(
                "Idempotency-Key",
                "Use 1 to 255 visible characters as an Idempotency-Key, e.g. a UUID.",
            )),
        }
    }
}

/// Versions that a change may apply to, from `If-Match`.
pub struct IfMatch(pub IfVersion);

impl<'a> FromRequest<'a> for IfMatch {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let mut versions = Vec::new();
        let mut given = false;
        for value in request.headers().get_all(header::IF_MATCH) {
            given = true;
            let value = value
                .to_str()
                .ok()
                .ok_or_else(|| wrong("If-Match", EXPECTED))?;
            if value == "*" {
                return Ok(Self(None));
            }
            // An empty list matches no version, so the change must fail.
            let tags = if value.is_empty() {
                None
            } else {
                Some(value.split(','))
            };
            for tag in tags.into_iter().flatten().map(|tag| tag.trim_matches(' ')) {
                let opaque = tag.strip_prefix("W/").unwrap_or(tag);
                let inner = opaque.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
                let inner = inner.filter(|t| t.bytes().all(|b| matches!(b, b'!' | b'#'..=b'~')));
                let inner = inner.ok_or_else(|| wrong("If-Match", EXPECTED))?;
                // A weak tag never matches (RFC 9110, 13.1.1), and neither does one that is not a
                // version.
                if opaque == tag {
                    versions.extend(inner.parse::<i64>());
                }
            }
        }
        Ok(Self(given.then_some(versions)))
    }
}

const EXPECTED: &str = "Send the job's ETag unchanged, including its quotes, e.g. If-Match: \"7\".";

/// Versions that the client has, from `If-None-Match`.
pub struct IfNoneMatch(Vec<String>);

impl IfNoneMatch {
    /// Returns whether the client has this version.
    pub fn has(&self, etag: &str) -> bool {
        self.0
            .iter()
            .any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
    }

    /// Returns the newest version that the client has; 0 if it names none.
    pub fn newest(&self) -> i64 {
        let versions = self.0.iter().filter_map(|tag| {
            let tag = tag.trim_start_matches("W/").strip_prefix('"')?;
            tag.strip_suffix('"')?.parse().ok()
        });
        versions.max().unwrap_or(0)
    }
}

impl<'a> FromRequest<'a> for IfNoneMatch {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let values = request
            .headers()
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|v| v.to_str().ok());
        Ok(Self(
            values
                .flat_map(|v| v.split(','))
                .map(|tag| tag.trim().to_owned())
                .collect(),
        ))
    }
}

/// Position of a client in a stream, from `Last-Event-ID`.
pub struct LastEventId(pub Option<String>);

impl<'a> FromRequest<'a> for LastEventId {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let id = request.headers().get("last-event-id");
        // A value that is not UTF-8 must fail as an unknown position. An empty value means that
        // there is none.
        let id = id.map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
        Ok(Self(id.filter(|id| !id.is_empty())))
    }
}

/// Returns the ETag of a version.
pub fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

fn wrong(name: &str, detail: &str) -> poem::Error {
    Problem::invalid(vec![FieldError::parameter(name, "invalid_header", detail)]).into()
}
