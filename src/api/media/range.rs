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
    // Several ranges would need a multipart response; a server may send the whole file instead.
    let bounds = range
        .strip_prefix("bytes=")
        .and_then(|bounds| bounds.split_once('-'));
    let Some((first, last)) = bounds.map(|(first, last)| (first.trim(), last.trim())) else {
        return RequestedRange::Whole;
    };
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first > last => RequestedRange::Whole,
        (Ok(first), _) if first >= size => RequestedRange::Beyond,
        (Ok(first), Ok(last)) if last < size => RequestedRange::Part(first..last + 1),
        (Ok(first), Ok(_)) => RequestedRange::Part(first..size),
        (Ok(first), Err(_)) if last.is_empty() => RequestedRange::Part(first..size),
        (Err(_), Ok(0)) if first.is_empty() => RequestedRange::Beyond,
        (Err(_), Ok(last)) if first.is_empty() && last < size => {
            RequestedRange::Part(size - last..size)
        }
        _ => RequestedRange::Whole,
    }
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
        for suffix in ["bytes=-10", "bytes=-99", "bytes=99999999999999999999-"] {
            assert_eq!(wanted(suffix, 10), RequestedRange::Whole, "{suffix}");
        }
    }
}
