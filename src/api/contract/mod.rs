//! Contract of an operation: what the types of its handler do not show. Each file of handlers lists
//! its own operations.

mod bound;
mod need;

pub use bound::Bound;
pub use need::*;

/// A request header that an operation reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    IdempotencyKey,
    IfMatch,
    IfNoneMatch,
    LastEventId,
}

/// An operation of the document.
pub struct Operation {
    pub id: &'static str,
    /// What a call needs where callers have keys.
    pub need: Need,
    /// How the binding of the caller's key applies.
    pub bound: Bound,
    pub headers: &'static [Header],
    /// Codes of its problems, in addition to those that follow from its other properties and to
    /// [`COMMON_CODES`].
    pub codes: &'static [&'static str],
}

/// Returns an operation without headers and codes.
pub const fn operation(id: &'static str, need: Need, bound: Bound) -> Operation {
    Operation {
        id,
        need,
        bound,
        headers: &[],
        codes: &[],
    }
}

/// Operations about one job that find it in the archive too.
const OF_ARCHIVE: [&str; 2] = ["get_job", "restore_job"];

impl Operation {
    pub const fn headers(mut self, headers: &'static [Header]) -> Self {
        self.headers = headers;
        self
    }

    pub const fn codes(mut self, codes: &'static [&'static str]) -> Self {
        self.codes = codes;
        self
    }

    /// Returns the code of the operation's problem for an archived job, if it has one.
    pub fn code_of_archived(&self) -> Option<&'static str> {
        let is_of_job = self.codes.contains(&"job_not_found") && !OF_ARCHIVE.contains(&self.id);
        is_of_job.then_some("job_archived")
    }
}

/// Codes that every operation may return.
pub const COMMON_CODES: [&str; 8] = [
    "invalid_request",
    "unknown_parameter",
    "method_not_allowed",
    "host_refused",
    "too_many_connections",
    "internal_error",
    "database_unavailable",
    "overloaded",
];

/// Codes that every changing operation may return.
pub const MUTATION_CODES: [&str; 2] = ["origin_refused", "disk_full"];

/// Codes that every operation with a body may return.
pub const WITH_BODY: [&str; 5] = [
    "malformed_body",
    "body_too_slow",
    "body_too_large",
    "media_type_unsupported",
    "content_encoding_unsupported",
];

pub const IDEMPOTENT: &[Header] = &[Header::IdempotencyKey];
pub const RESUMABLE: &[Header] = &[Header::LastEventId];
pub const CONDITIONAL: &[Header] = &[Header::IfMatch];

/// Problems of an older call that creates a job, and perhaps its episode.
pub const OLDER_CREATE: &[&str] = &["series_not_found", "idempotency_key_reused"];
