//! Errors as `application/problem+json` (RFC 9457), and the table of all codes with their HTTP
//! statuses.

use crate::error::{Error, FieldError, MAX_ERRORS, Place};
use poem::{
    IntoResponse, Response,
    error::ResponseError,
    http::{StatusCode, header},
};
use serde_json::{Value, json};
use std::{borrow::Cow, io};

/// Every code with its HTTP status and its title. Codes are stable: clients rely on them.
pub const CODES: [(&str, u16, &str); 41] = [
    ("invalid_request", 400, "The request is not valid"),
    ("confirmation_required", 400, "An action on all jobs has to be confirmed"),
    ("malformed_body", 400, "The body is not valid JSON"),
    ("origin_refused", 403, "Pages of this origin may not change anything"),
    ("route_not_found", 404, "There is nothing at this path"),
    ("job_not_found", 404, "There is no such job"),
    ("item_not_found", 404, "There is no such item"),
    ("shot_not_found", 404, "There is no such shot"),
    ("series_not_found", 404, "There is no such series"),
    ("episode_not_found", 404, "There is no such episode"),
    ("import_not_found", 404, "There is no such import"),
    ("action_not_found", 404, "There is no such action"),
    ("media_not_found", 404, "There is no such file"),
    ("method_not_allowed", 405, "This path does not take the method"),
    ("body_too_slow", 408, "The body came too slowly"),
    ("job_transition_illegal", 409, "The job's status does not allow this"),
    ("job_not_processing", 409, "The job is not being processed"),
    ("job_ended", 409, "The job has ended"),
    ("job_not_ended", 409, "The job has not ended yet"),
    ("no_failed_items", 409, "The job has no failed items"),
    ("job_exists", 409, "The job's id is taken"),
    ("lease_lost", 409, "The job is not held under this lease"),
    ("shots_counted_from_items", 409, "The shots are counted from the items"),
    ("shots_exceed_total", 409, "More shots would be done than there are"),
    ("item_conflict", 409, "The items contradict each other, or those of the job"),
    ("episode_number_taken", 409, "The episode's number is taken"),
    ("counter_exhausted", 409, "The job takes no more steps"),
    ("version_mismatch", 412, "The job has changed meanwhile"),
    ("media_changed", 412, "The file has changed meanwhile"),
    ("body_too_large", 413, "The body is too large"),
    ("media_type_unsupported", 415, "The body is of a media type that is not taken here"),
    ("range_not_satisfiable", 416, "The file does not have this range"),
    ("host_refused", 421, "This server does not answer to this name"),
    ("idempotency_key_reused", 422, "The idempotency key belongs to another request"),
    ("too_many_connections", 429, "This address has too many connections"),
    ("internal_error", 500, "Something went wrong inside"),
    ("overloaded", 503, "The server is busy"),
    ("search_too_long", 503, "Looking through the jobs took too long"),
    ("database_unavailable", 503, "The database does not answer"),
    ("not_ready", 503, "The server does not do all of its work"),
    ("disk_full", 507, "The disk is full"),
];

/// Seconds in the `Retry-After` header of a 503 response.
const RETRY_AFTER: &str = "1";

/// Seconds in the `Retry-After` header of a 507 response: somebody has to free disk space first.
const RETRY_AFTER_FULL: &str = "30";

/// Maximum characters of a sentence or a pointer in a problem; longer ones are truncated.
const LONGEST_TEXT: usize = 2000;

/// Maximum characters of a client's value that a sentence quotes.
const LONGEST_VALUE: usize = 200;

/// Maximum bytes of all field errors in a response, so that no problem exceeds 64 KiB.
const ALL_ERRORS: usize = 40 << 10;

/// Returns the HTTP status and the title of a code.
pub fn meaning(code: &str) -> (StatusCode, &'static str) {
    let row = CODES.iter().find(|(c, ..)| *c == code);
    let (status, title) = row.map_or((500, "Something went wrong inside"), |(_, status, title)| (*status, *title));
    (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), title)
}

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
        Self { code, detail: detail.into(), errors: Vec::new(), header: None }
    }

    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Error::Invalid(errors).into()
    }

    /// Returns the problem for a body that broke off or arrived too slowly.
    pub fn broken_body(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut => Self::new(
                "body_too_slow",
                "The body came too slowly: send it without long pauses, or start the server with a lower --min-body-rate.",
            ),
            _ => Self::new("malformed_body", format!("The body broke off: {error}.")),
        }
    }

    /// Logs an internal error and returns the problem for it, which does not show its cause to the
    /// client.
    pub fn internal(what: &str) -> Self {
        tracing::error!(error = what, "internal error");
        Self::new("internal_error", "The server could not answer; its log tells why. Quote the request_id.")
    }

    /// Returns the response, with the request id that the log shows too.
    pub fn respond(&self, request_id: &str) -> Response {
        let (status, title) = meaning(self.code);
        let mut body = json!({
            "type": "about:blank",
            "title": title,
            "status": status.as_u16(),
            "detail": cut(&self.detail, LONGEST_TEXT),
            "code": self.code,
            "request_id": request_id,
        });
        if !self.errors.is_empty() {
            body["errors"] = fields(&self.errors);
        }
        let mut response =
            Response::builder().status(status).content_type("application/problem+json").body(body.to_string());
        let headers = response.headers_mut();
        if let Some((name, value)) = &self.header
            && let Ok(value) = value.parse()
        {
            headers.insert(name, value);
        }
        let retry_after = match status {
            StatusCode::SERVICE_UNAVAILABLE => Some(RETRY_AFTER),
            StatusCode::INSUFFICIENT_STORAGE => Some(RETRY_AFTER_FULL),
            _ => None,
        };
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static(seconds));
        }
        response
    }
}

/// Returns the first errors, as many as fit into a response.
fn fields(errors: &[FieldError]) -> Value {
    let mut left = ALL_ERRORS;
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
        Place::Pointer(pointer) => ("pointer", pointer),
        Place::Parameter(parameter) => ("parameter", parameter),
    };
    json!({name: cut(place, LONGEST_TEXT), "code": error.code, "detail": cut(&error.detail, LONGEST_TEXT)})
}

/// Returns a value of the client for use in a sentence, truncated to 200 characters.
pub fn shown(value: &str) -> Cow<'_, str> {
    cut(value, LONGEST_VALUE)
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
            Error::Invalid(errors) => Self { code: "invalid_request", detail, errors, header: None },
            Error::ShotsExceedTotal { .. } => {
                let field = FieldError::at("/completed_shots", "exceeds_total", detail.clone());
                Self { errors: vec![field], ..Self::new(error.code(), detail) }
            }
            Error::ItemConflict(ref field) => Self { errors: vec![field.clone()], ..Self::new(error.code(), detail) },
            Error::UnknownReference { pointer, .. } => {
                let field = FieldError::at(pointer, "unknown_reference", detail.clone());
                Self { errors: vec![field], ..Self::new(error.code(), detail) }
            }
            Error::Database(source) => Self::internal(&source.to_string()),
            Error::Internal(state) => Self::internal(&state),
            Error::Unreadable(ref id) => {
                tracing::error!(job_id = id.as_str(), "the row of a job can't be read");
                Self::new(error.code(), detail)
            }
            Error::Unavailable(source) => {
                tracing::warn!(error = %source, "the database does not answer");
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
        self.respond("").into_response()
    }
}

impl From<Error> for poem::Error {
    fn from(error: Error) -> Self {
        Problem::from(error).into()
    }
}
