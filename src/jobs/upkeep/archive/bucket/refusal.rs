//! What a bucket says when it does not do a call, and which of it may pass.

use bytes::Bytes;
use hyper::{Response, StatusCode};
use std::io;

/// Status and code of an answer that is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: StatusCode,
    /// Code of S3, such as `NoSuchKey`; empty if there is none.
    pub code: String,
}

impl Refusal {
    pub fn of(response: &Response<Bytes>) -> Self {
        Self {
            status: response.status(),
            code: code_of(response.body()),
        }
    }

    /// Returns whether the same call may succeed a moment later.
    pub fn may_pass(&self) -> bool {
        // 409: another conditional write of the same key has not ended, such as a lost attempt.
        self.status.is_server_error() && self.code != "NotImplemented"
            || matches!(self.status.as_u16(), 408 | 409 | 429)
    }

    /// Returns whether the object is not there, though its bucket is.
    pub fn is_no_object(&self) -> bool {
        self.status == StatusCode::NOT_FOUND && self.code != "NoSuchBucket"
    }

    /// Returns the error, with the remedy.
    pub fn error(&self, place: &str) -> io::Error {
        let (status, code) = (self.status.as_u16(), self.code.as_str());
        let kind = match status {
            404 => io::ErrorKind::NotFound,
            401 | 403 => io::ErrorKind::PermissionDenied,
            _ => io::ErrorKind::Other,
        };
        let remedy = match (status, code) {
            (404, "NoSuchBucket") => "there is no such bucket: check --archive and the endpoint",
            (404, _) => "there is no such object",
            (_, "RequestTimeTooSkewed") => "check the clock of this machine",
            (401 | 403, _) => {
                "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and that they allow \
                s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket"
            }
            (301 | 307 | 400, _) => "check AWS_REGION and the endpoint",
            (412, _) => "there is such an object already",
            _ => "the service has a fault",
        };
        let code = if code.is_empty() {
            String::new()
        } else {
            format!(" {code}")
        };
        io::Error::new(kind, format!("{place} answers {status}{code}: {remedy}"))
    }
}

/// Maximum characters of a code that is repeated in messages.
const MAX_CODE_CHARS: usize = 64;

/// Returns the code in the body of an error.
fn code_of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let code = text
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"))
        .map_or("", |(code, _)| code.trim());
    let is_code = code.len() <= MAX_CODE_CHARS && code.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_code {
        code.to_owned()
    } else {
        String::new()
    }
}
