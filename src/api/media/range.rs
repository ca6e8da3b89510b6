//! The `Range` of a request for a file (RFC 9110, 14).

use poem::http::{HeaderMap, header};
use std::ops::Range;

/// The part of a file that a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum RequestedRange {
    Whole,
    /// A range of at least one byte.
    Part(Range<u64>),
    /// A range with no byte of the file.
    Beyond,
}

/// Returns the part that a `Range` header asks for, in a file of this size: the whole file if the
/// header is not understood.
pub fn wanted(range: &str, size: u64) -> RequestedRange {
    let Some((first, last)) = bounds(range) else {
        return RequestedRange::Whole;
    };
    match (position(first), position(last)) {
        (Some(first), Some(last)) if first > last => RequestedRange::Whole,
        (Some(first), Some(_)) if first >= size => RequestedRange::Beyond,
        (Some(first), Some(last)) => RequestedRange::Part(first..last.saturating_add(1).min(size)),
        (Some(_), None) if !last.is_empty() => RequestedRange::Whole,
        (Some(first), None) if first >= size => RequestedRange::Beyond,
        (Some(first), None) => RequestedRange::Part(first..size),
        (None, Some(last)) if first.is_empty() && last > 0 && size > 0 => {
            RequestedRange::Part(size.saturating_sub(last)..size)
        }
        (None, Some(_)) if first.is_empty() => RequestedRange::Beyond,
        _ => RequestedRange::Whole,
    }
}

/// Returns the two sides of the only range; the name of the unit is in any case (RFC 9110, 14.1).
/// Several ranges would need a multipart response; a server may send the whole file instead.
fn bounds(range: &str) -> Option<(&str, &str)> {
    let (unit, bounds) = range.split_once('=')?;
    let (first, last) = bounds.split_once('-')?;
    let is_bytes = unit.trim().eq_ignore_ascii_case("bytes");
    is_bytes.then_some((first.trim(), last.trim()))
}

/// Parses a position; one beyond 64 bits is behind the end of any file.
fn position(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

/// Returns whether the `If-Range` of a request names the current version of the file; true without
/// one. Otherwise the client would combine parts of different files.
pub fn is_of_same_file(request: &HeaderMap, answer: &HeaderMap) -> bool {
    let Some(seen) = request.get(header::IF_RANGE) else {
        return true;
    };
    [header::ETAG, header::LAST_MODIFIED]
        .iter()
        .any(|name| answer.get(name) == Some(seen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_to_the_file() {
        for (range, expected) in [
            ("bytes=0-0", RequestedRange::Part(0..1)),
            ("bytes=2-9", RequestedRange::Part(2..10)),
            ("bytes=2-10", RequestedRange::Part(2..10)),
            ("bytes=2-", RequestedRange::Part(2..10)),
            ("bytes= 2 - 4 ", RequestedRange::Part(2..5)),
            ("bytes=-3", RequestedRange::Part(7..10)),
            ("bytes=-10", RequestedRange::Part(0..10)),
            ("bytes=-99", RequestedRange::Part(0..10)),
            ("bytes=0-", RequestedRange::Part(0..10)),
            ("bytes=0-9", RequestedRange::Part(0..10)),
            ("bytes=0-99999999999999999999", RequestedRange::Part(0..10)),
            ("bytes=-99999999999999999999", RequestedRange::Part(0..10)),
            ("Bytes=0-0", RequestedRange::Part(0..1)),
        ] {
            assert_eq!(wanted(range, 10), expected, "{range}");
        }
    }

    #[test]
    fn a_range_that_begins_at_the_end_or_behind_it_is_beyond_the_file() {
        for (range, size) in [
            ("bytes=10-", 10),
            ("bytes=10-12", 10),
            ("bytes=-0", 10),
            ("bytes=0-", 0),
            ("bytes=-5", 0),
            ("bytes=99999999999999999999-", 10),
        ] {
            assert_eq!(
                wanted(range, size),
                RequestedRange::Beyond,
                "{range} of {size}"
            );
        }
    }

    #[test]
    fn what_is_not_understood_asks_for_the_whole() {
        for range in [
            "",
            "bytes=",
            "bytes=-",
            "bytes=4-2",
            "bytes=x-2",
            "bytes=1-x",
            "lines=1-2",
            "bytes=0-1,3-4",
        ] {
            assert_eq!(wanted(range, 10), RequestedRange::Whole, "{range}");
        }
    }
}
