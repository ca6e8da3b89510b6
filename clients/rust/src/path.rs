//! Texts in the path or in the query of a URL.

use crate::{Error, Problem};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Characters of an id that stay as they are in a path: the unreserved ones of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Escapes a text that is part of a segment or a parameter.
pub fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// Escapes an id as one segment of a path. `.` and `..` would be taken for folders.
pub fn segment(id: &str) -> Result<String, Error> {
    if matches!(id, "" | "." | "..") {
        return Err(Error::Refused(Problem {
            code: "job_not_found".to_owned(),
            status: 404,
            detail: format!("{id:?} is the id of no job."),
            retry_after: None,
        }));
    }
    Ok(escaped(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{JobFilter, JobStatus};

    #[test]
    fn what_a_path_is_made_of_is_escaped() {
        assert_eq!(segment("a/b?c d").unwrap(), "a%2Fb%3Fc%20d");
        assert!(segment("..").is_err());
        let filter = JobFilter {
            job_types: vec!["a&b".into()],
            statuses: vec![JobStatus::Failed],
            limit: Some(5),
            ..JobFilter::default()
        };
        assert_eq!(filter.query(), "?job_type=a%26b&status=failed&limit=5");
        assert_eq!(JobFilter::default().query(), "");
    }
}
