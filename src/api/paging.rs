//! Parameters that all lists have in common.

use super::problem::Problem;
use crate::{error::FieldError, lifecycle::Cursor};
use poem::{Result, http::Uri};

/// Number of rows on a page by default.
pub const DEFAULT_LIMIT: u64 = 50;

/// Returns the limit, which must be from 1 to 200; 50 by default.
pub fn limit(given: Option<u64>) -> Result<u64> {
    match given.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(limit),
        _ => Err(wrong("limit", "out_of_range", "Use a limit from 1 to 200.")),
    }
}

/// Largest number of rows on a page.
pub const MAX_LIMIT: u64 = 200;

/// Cursor of the page after the one that a response has. The server adds its address to the
/// response, as the header `Link`.
#[derive(Clone)]
pub struct NextPage(pub String);

/// Returns the header `Link` for the page after the one at this address (RFC 8288).
pub fn next_page(uri: &Uri, cursor: &str) -> String {
    const POSITIONS: [&str; 3] = ["cursor", "offset", "after"];
    let given = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(given.filter(|(name, _)| !POSITIONS.contains(&&**name)));
    query.append_pair("cursor", cursor);
    format!("<{}?{}>; rel=\"next\"", uri.path(), query.finish())
}

/// Returns the limit of a list that older clients ask for more than a page: the largest page that
/// there is, if they do.
pub fn limit_or_largest(given: Option<u64>) -> Result<u64> {
    match given {
        Some(given) if i64::try_from(given).is_ok() => limit(Some(given.min(MAX_LIMIT))),
        given => limit(given),
    }
}

/// Checks the cursor of a list by name.
pub fn name_cursor(given: Option<String>) -> Result<Option<String>> {
    if given.iter().any(|name| name.contains(char::is_control)) {
        return Err(wrong("cursor", "unknown_cursor", UNKNOWN_CURSOR));
    }
    Ok(given)
}

/// Decodes the cursor of a list whose rows have a number, which older clients send as `after`.
pub fn after(cursor: Option<String>, after: Option<i64>) -> Result<Option<i64>> {
    let Some(text) = cursor else { return Ok(after) };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let position = text.parse().ok().filter(|_| digits);
    let unknown = || wrong("cursor", "unknown_cursor", UNKNOWN_CURSOR);
    position.map(Some).ok_or_else(unknown)
}

/// Decodes like [`after`] the cursor of a list whose rows have a position in their job.
pub fn after_index(cursor: Option<String>, given: Option<i32>) -> Result<Option<i32>> {
    let position = after(cursor, given.map(Into::into))?;
    Ok(position.map(|position| i32::try_from(position).unwrap_or(i32::MAX)))
}

const UNKNOWN_CURSOR: &str = "Unknown cursor: send the next_cursor of the previous page, or start \
    again without a cursor.";

/// Decodes the cursor that a previous page returned.
pub fn cursor(given: Option<String>) -> Result<Option<Cursor>> {
    let decode = |text: String| {
        Cursor::decode(&text).ok_or_else(|| wrong("cursor", "unknown_cursor", UNKNOWN_CURSOR))
    };
    given.map(decode).transpose()
}

/// Returns the error of one invalid parameter.
pub fn wrong(parameter: &str, code: &'static str, detail: &str) -> poem::Error {
    Problem::invalid(vec![FieldError::parameter(parameter, code, detail)]).into()
}
