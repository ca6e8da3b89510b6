//! Validation of input, from every interface. All errors of an input are reported together.

mod bounds;
mod check_filter;
mod check_own;
pub(super) mod check_rows;
mod checks;
mod cut_times;
pub(super) mod pointer;

pub use bounds::{
    DEFAULT_ATTEMPTS, MAX_ATTEMPTS, MAX_DIR_CHARS, MAX_ID_CHARS, MAX_ITEMS, MAX_KEY_CHARS,
    MAX_LABELS, MAX_LEASE_SECONDS, MAX_MEMBER_NAME_CHARS, MAX_MODE_CHARS, MAX_PARENT_ID_CHARS,
    MAX_PRIORITY, MAX_PROGRESS, MAX_RUN_SECONDS, MAX_SHORT_CHARS, MAX_TEXT_CHARS,
    MAX_WORKER_ID_CHARS, MAX_WORKER_VERSION_CHARS, MIN_PRIORITY,
};
pub use checks::Checks;
pub use cut_times::cut_times;

use crate::error::{Error, FieldError, Resource, Result};
use bounds::{MAX_JOB_TYPE_CHARS, MAX_KEY_ID_CHARS, MAX_LABEL_CHARS, MAX_SECONDS, MAX_WORD_CHARS};
use chrono::{DateTime, Utc};

/// Refuses an id with a NUL character as not found: no row has such an id, and PostgreSQL refuses a
/// query with one.
pub fn may_exist(id: &str, thing: Resource) -> Result<()> {
    if id.contains('\0') {
        Err(Error::NotFound(thing))
    } else {
        Ok(())
    }
}

pub fn is_job_type(value: &str) -> bool {
    let plain =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '-');
    (1..=MAX_JOB_TYPE_CHARS).contains(&value.len()) && value.chars().all(plain)
}

/// Description of a valid job type, for the caller that gave another.
pub fn job_type_detail() -> String {
    format!(
        "Use 1 to {MAX_JOB_TYPE_CHARS} of the characters a-z 0-9 _ . - as a job type, e.g. \
        idea2video."
    )
}

pub fn is_label_key(key: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/' | '-');
    (1..=MAX_LABEL_CHARS).contains(&key.len()) && key.chars().all(plain)
}

/// Returns the time as both databases store it: in microseconds, and without a leap second.
pub fn micros(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}

/// Checks that a parameter has no NUL character, since no database here can compare with one.
pub fn no_nul_parameter(name: &str, value: &str) -> Result<()> {
    if !value.contains('\0') {
        return Ok(());
    }
    let detail = "Take the NUL character (U+0000) out: nothing here has it.";
    Err(Error::invalid(FieldError::parameter(
        name,
        "nul_character",
        detail,
    )))
}

/// Checks a label that a parameter names.
pub fn label_parameter(key: &str, value: &str) -> Result<()> {
    if is_label_key(key) && !value.contains('\0') {
        return Ok(());
    }
    let detail = format!(
        "Use label=KEY=VALUE, with 1 to {MAX_LABEL_CHARS} of the characters A-Z a-z 0-9 . _ / - as \
        the key."
    );
    Err(Error::invalid(FieldError::parameter(
        "label",
        "invalid_label",
        detail,
    )))
}
