//! Errors in single fields of the input.

/// Maximum number of errors in one response; validation stops there.
pub const MAX_ERRORS: usize = 50;

/// Maximum number of errors in a message; the `errors` of the response list all.
const MAX_QUOTED_ERRORS: usize = 5;

/// Error in one field of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pub place: Location,
    /// Stable error code, e.g. `too_long`.
    pub code: &'static str,
    /// Sentence with the remedy.
    pub detail: String,
}

/// Location of a field in the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// RFC 6901 pointer into the body, e.g. `/labels/team`; empty for the whole body.
    Pointer(String),
    /// Name of a query, path or header parameter.
    Parameter(String),
}

impl FieldError {
    pub fn at(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            place: Location::Pointer(pointer.into()),
            code,
            detail: detail.into(),
        }
    }

    pub fn parameter(
        name: impl Into<String>,
        code: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            place: Location::Parameter(name.into()),
            code,
            detail: detail.into(),
        }
    }
}

/// Returns the errors as sentences, each with its place.
pub fn sentences(errors: &[FieldError]) -> String {
    let one = |e: &FieldError| match &e.place {
        Location::Pointer(p) if p.is_empty() => e.detail.clone(),
        Location::Pointer(p) | Location::Parameter(p) => format!("{p}: {}", e.detail),
    };
    let mut sentences: Vec<_> = errors.iter().take(MAX_QUOTED_ERRORS).map(one).collect();
    if errors.len() > MAX_QUOTED_ERRORS {
        sentences.push(format!("And {} more.", errors.len() - MAX_QUOTED_ERRORS));
    }
    sentences.join(" ")
}
