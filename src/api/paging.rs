//! Parameters that all lists have in common.

use super::problem::Problem;
use crate::{error::FieldError, lifecycle::Cursor};
use poem::Result;

/// Number of rows on a page by default.
pub const DEFAULT_LIMIT: u64 = 50;

/// Returns the limit, which must be from 1 to 200; 50 by default.
pub fn limit(given: Option<u64>) -> Result<u64> {
    match given.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=200 => Ok(limit),
        _ => Err(wrong("limit", "out_of_range", "Use a limit from 1 to 200.")),
    }
}

/// Decodes the cursor that a previous page returned.
pub fn cursor(given: Option<String>) -> Result<Option<Cursor>> {
    let decode = |text: String| {
        let detail = "Unknown cursor: send the next_cursor of the previous page, or start again \
            without a cursor.";
        Cursor::decode(&text).ok_or_else(|| wrong("cursor", "unknown_cursor", detail))
    };
    given.map(decode).transpose()
}

/// Returns the error of one invalid parameter.
pub fn wrong(parameter: &str, code: &'static str, detail: &str) -> poem::Error {
    Problem::invalid(vec![FieldError::parameter(parameter, code, detail)]).into()
}
