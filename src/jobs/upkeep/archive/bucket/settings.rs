//! Settings of a bucket.

use std::{fmt, time::Duration};
use url::Url;

/// Keys with which requests to a bucket are signed.
#[derive(Clone)]
pub struct BucketKeys {
    pub access_key_id: String,
    pub secret_access_key: String,
    /// Token of temporary keys.
    pub session_token: Option<String>,
}

impl fmt::Debug for BucketKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BucketKeys").finish_non_exhaustive()
    }
}

/// Bucket of a service that speaks S3.
#[derive(Clone, Debug)]
pub struct BucketSettings {
    pub name: String,
    /// Beginning of all keys, without a slash at either end; empty for none.
    pub prefix: String,
    pub region: String,
    /// URL of the service; `None` for that of AWS in the region.
    pub endpoint: Option<Url>,
    pub keys: BucketKeys,
    pub patience: Patience,
}

/// Time limits and attempts of a call of the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Maximum time to open a connection.
    pub connect: Duration,
    /// Maximum time of an attempt that transfers few bytes.
    pub attempt: Duration,
    /// Attempts of a call, of which all but the first follow a failure that may pass.
    pub attempts: u32,
    /// Wait before the second attempt; each further one is four times as long.
    pub wait: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            attempt: Duration::from_secs(5),
            attempts: 3,
            wait: Duration::from_millis(200),
        }
    }
}

/// Slowest transfer that is waited for, in bytes a second.
const MIN_RATE: u64 = 256 << 10;

impl Patience {
    /// Returns the maximum time of an attempt that transfers this many bytes.
    pub(super) fn attempt_of(&self, bytes: u64) -> Duration {
        self.attempt + Duration::from_secs(bytes / MIN_RATE)
    }
}

/// Splits `s3://bucket/prefix` into both. Returns `None` if the text begins otherwise.
///
/// Errors: a sentence.
pub fn parse_place(text: &str) -> Option<Result<(String, String), &'static str>> {
    let place = text.strip_prefix("s3://")?;
    let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
    Some(check(name, prefix.strip_suffix('/').unwrap_or(prefix)))
}

/// Maximum bytes of a prefix: a key has at most 1,024.
const MAX_PREFIX_BYTES: usize = 900;

fn check(name: &str, prefix: &str) -> Result<(String, String), &'static str> {
    let is_of_name = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    if !(3..=63).contains(&name.len()) || !name.bytes().all(is_of_name) || name.contains("..") {
        return Err("use s3://bucket/prefix, with a bucket of 3 to 63 letters, digits, - and .");
    }
    let is_wrong = |part: &str| matches!(part, "" | "." | "..");
    if !prefix.is_empty() && prefix.split('/').any(is_wrong) {
        return Err("a part of the prefix between slashes may not be empty, . or ..");
    }
    if prefix.len() > MAX_PREFIX_BYTES || prefix.chars().any(char::is_control) {
        return Err("use a prefix of at most 900 bytes, without control characters");
    }
    Ok((name.to_owned(), prefix.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_a_bucket_and_maybe_a_prefix() {
        let both = |text| parse_place(text).unwrap().unwrap();
        let pair = |name: &str, prefix: &str| (name.to_owned(), prefix.to_owned());
        assert_eq!(both("s3://films"), pair("films", ""));
        assert_eq!(both("s3://films/"), pair("films", ""));
        assert_eq!(both("s3://films/a b/ä/"), pair("films", "a b/ä"));
        assert!(parse_place("/srv/archive").is_none());
        for wrong in [
            "s3://",
            "s3://ab",
            "s3:///prefix",
            "s3://films/../other",
            "s3://films//a",
            "s3://films/a//",
            "s3://films/./a",
            "s3://fi@lms/a",
            "s3://fi..lms/a",
            "s3://films/a\nb",
        ] {
            assert!(parse_place(wrong).unwrap().is_err(), "{wrong}");
        }
    }
}
