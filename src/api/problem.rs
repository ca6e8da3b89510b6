//! Errors as `application/problem+json` (RFC 9457).

use crate::codes::{status_and_title, type_of};
use crate::error::{Error, FieldError, Location, MAX_ERRORS};
use poem::{
    IntoResponse, Response,
    error::ResponseError,
    http::{StatusCode, header},
};
use serde_json::{Value, json};
use std::{borrow::Cow, io};

/// Seconds in the `Retry-After` header of a 503 response, and of a 429 response that names no time.
const RETRY_AFTER: &str = "1";

/// Seconds in the `Retry-After` header of a 507 response: somebody has to free disk space first.
const RETRY_AFTER_FULL: &str = "30";

/// Maximum characters of a sentence or a pointer in a problem; longer ones are truncated.
const MAX_TEXT_CHARS: usize = 2000;

/// Maximum characters of a client's value that a sentence quotes.
const MAX_VALUE_CHARS: usize = 200;

/// Maximum bytes of all field errors in a response, so that no problem exceeds 64 KiB.
const MAX_ERRORS_BYTES: usize = 40 << 10;

/// Returns the HTTP status and the title of a code.
pub fn meaning(code: &str) -> (StatusCode, &'static str) {
    let (status, title) = status_and_title(code);
    (
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        title,
    )
}

/// Further member of a problem's body, as data of the error.
#[derive(Clone)]
pub struct Member(pub &'static str, pub Value);

/// An error as the client gets it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Problem {
    pub code: &'static str,
    pub detail: String,
    pub errors: Vec<FieldError>,
    /// Header that belongs to the problem, e.g. `Allow` for a 405.
    pub header: Option<(header::HeaderName, String)>,
}

impl Problem {
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            header: None,
        }
    }

    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Error::Invalid(errors).into()
    }

    /// Returns the problem for a body that broke off or arrived too slowly.
    pub fn broken_body(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut => Self::new(
                "body_too_slow",
                "The body arrived too slowly: send it without long pauses, or start the server \
                with a lower --min-body-rate.",
            ),
            _ => Self::new(
                "malformed_body",
                format!("The body ended early: {error}. Send the request again."),
            ),
        }
    }

    /// Logs an internal error and returns the problem for it, which does not show its cause to the
    /// client.
    pub fn internal(what: &str) -> Self {
        tracing::error!(error = what, "internal error");
        Self::new(
            "internal_error",
            "Internal error: its cause is in the server's log, under the request_id. Report that \
            id.",
        )
    }

    /// Returns the response, with the request id that the log shows too; `prefix` is the path under
    /// which a proxy publishes the server.
    pub fn respond(&self, request_id: &str, prefix: &str) -> Response {
        self.respond_with(request_id, prefix, None)
    }

    /// Returns the response of [`Problem::respond`] with a further member.
    pub fn respond_with(
        &self,
        request_id: &str,
        prefix: &str,
        member: Option<&Member>,
    ) -> Response {
        let (status, title) = meaning(self.code);
        let mut body = json!({
            "type": format!("{prefix}{}", type_of(self.code)),
            "title": title,
            "status": status.as_u16(),
            "detail": cut(&self.detail, MAX_TEXT_CHARS),
            "code": self.code,
            "request_id": request_id,
        });
        if !self.errors.is_empty() {
            body["errors"] = fields(&self.errors);
        }
        if let Some(Member(name, value)) = member {
            body[*name] = value.clone();
        }
        let mut response = Response::builder()
            .status(status)
            .content_type("application/problem+json")
            .body(body.to_string());
        let headers = response.headers_mut();
        if let Some((name, value)) = &self.header
            && let Ok(value) = value.parse()
        {
            headers.insert(name, value);
        }
        if status == StatusCode::UNAUTHORIZED {
            let scheme = header::HeaderValue::from_static("Bearer realm=\"callsheet\"");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        let retry_after = match status {
            StatusCode::SERVICE_UNAVAILABLE => Some(RETRY_AFTER),
            StatusCode::TOO_MANY_REQUESTS if self.header.is_none() => Some(RETRY_AFTER),
            StatusCode::INSUFFICIENT_STORAGE => Some(RETRY_AFTER_FULL),
            _ => None,
        };
        if let Some(seconds) = retry_after {
            headers.insert(
                header::RETRY_AFTER,
                header::HeaderValue::from_static(seconds),
            );
        }
        response
    }
}

/// Returns the first errors, as many as fit into a response.
fn fields(errors: &[FieldError]) -> Value {
    let mut left = MAX_ERRORS_BYTES;
    let mut fields = Vec::new();
    for error in errors.iter().take(MAX_ERRORS) {
        let field = field(error);
        let size = field.to_string().len();
        if size > left && !fields.is_empty() {
            break;
        }
        left = left.saturating_sub(size);
        fields.push(field);
    }
    Value::Array(fields)
}

fn field(error: &FieldError) -> Value {
    let (name, place) = match &error.place {
        Location::Pointer(pointer) => ("pointer", pointer),
        Location::Parameter(parameter) => ("parameter", parameter),
    };
    json!({name: cut(place, MAX_TEXT_CHARS), "code": error.code, "detail": cut(&error.detail, MAX_TEXT_CHARS)})
}

/// Returns a value of the client for use in a sentence, truncated to 200 characters.
pub fn shown(value: &str) -> Cow<'_, str> {
    cut(value, MAX_VALUE_CHARS)
}

fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Invalid(errors) => Self {
                code: "invalid_request",
                detail,
                errors,
                header: None,
            },
            Error::ShotsExceedTotal { .. } => {
                let field = FieldError::at("/completed_shots", "exceeds_total", detail.clone());
                Self {
                    errors: vec![field],
                    ..Self::new(error.code(), detail)
                }
            }
            Error::ItemConflict(ref field) => Self {
                errors: vec![field.clone()],
                ..Self::new(error.code(), detail)
            },
            Error::UnknownReference { pointer, .. } => {
                let field = FieldError::at(pointer, "unknown_reference", detail.clone());
                Self {
                    errors: vec![field],
                    ..Self::new(error.code(), detail)
                }
            }
            Error::RateLimited { wait, .. } => Self {
                header: Some((header::RETRY_AFTER, (wait.as_secs() + 1).to_string())),
                ..Self::new(error.code(), detail)
            },
            Error::Database(source) => Self::internal(&source.to_string()),
            Error::Internal(state) => Self::internal(&state),
            Error::Unreadable(ref id) => {
                tracing::error!(job_id = id.as_str(), "cannot decode the row of a job");
                Self::new(error.code(), detail)
            }
            Error::Unavailable(source) => {
                tracing::warn!(error = %source, "the database does not respond");
                Self::new("database_unavailable", detail)
            }
            Error::NotAllowed(source) => {
                tracing::error!(error = %source, "the database does not allow a statement");
                Self::new("database_unavailable", detail)
            }
            error => Self::new(error.code(), detail),
        }
    }
}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        meaning(self.code).0
    }

    fn as_response(&self) -> Response {
        self.respond("", "").into_response()
    }
}

impl From<Error> for poem::Error {
    fn from(error: Error) -> Self {
        Problem::from(error).into()
    }
}
