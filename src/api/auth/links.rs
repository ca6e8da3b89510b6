//! Signed links to media: `?exp&sig`, good for one file and one hour, without a key.
//!
//! The signature is an HMAC-SHA256 of path and end under a secret that the database does not have:
//! that of `CALLSHEET_LINK_SECRET`, which all servers behind one name share, or a random one of
//! this process.

use crate::hex::hex;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode_str;
use sha2::Sha256;
use std::{borrow::Cow, sync::Arc};
use subtle::ConstantTimeEq;

/// Time for which a link is good.
const GOOD_FOR: TimeDelta = TimeDelta::hours(1);

/// `None` if this machine has no random bytes: then there are no links.
#[derive(Clone)]
pub struct MediaLinks(Option<Arc<[u8]>>);

impl MediaLinks {
    /// Creates the signer with a secret, or with a random one that only this process knows.
    pub fn new(secret: Option<&str>) -> Self {
        let random = || {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).ok()?;
            Some(bytes.to_vec())
        };
        let secret = secret.map(|secret| secret.as_bytes().to_vec());
        Self(secret.or_else(random).map(Into::into))
    }

    /// Returns the query of a link to a path, and the end of the link.
    pub fn sign(&self, path: &str, now: DateTime<Utc>) -> Option<(String, DateTime<Utc>)> {
        let end = (now + GOOD_FOR).timestamp();
        let signature = self.signature(&decoded(path), end)?;
        let query = format!("exp={end}&sig={}", hex(&signature));
        Some((query, DateTime::from_timestamp(end, 0)?))
    }

    /// Returns whether a request's query signs its path; `None` if it has no signature.
    pub fn check(&self, path: &str, query: Option<&str>, now: DateTime<Utc>) -> Option<bool> {
        let pairs = || url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let one = |name: &str| {
            let mut values = pairs().filter(|(known, _)| known == name);
            let value = values.next()?.1.into_owned();
            values.next().is_none().then_some(value)
        };
        if !pairs().any(|(name, _)| name == "sig") {
            return None;
        }
        let given = one("exp")
            .and_then(|end| end.parse::<i64>().ok())
            .zip(one("sig"));
        let is_good = given.is_some_and(|(end, given)| {
            let expected = self.signature(&decoded(path), end);
            let is_same =
                |expected: Vec<u8>| bool::from(hex(&expected).as_bytes().ct_eq(given.as_bytes()));
            expected.is_some_and(is_same) && now.timestamp() < end
        });
        Some(is_good)
    }

    fn signature(&self, path: &[u8], end: i64) -> Option<Vec<u8>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_ref()?).ok()?;
        mac.update(b"callsheet media ");
        mac.update(path);
        mac.update(format!(" {end}").as_bytes());
        Some(mac.finalize().into_bytes().to_vec())
    }
}

/// One file has several spellings of its path.
fn decoded(path: &str) -> Cow<'_, [u8]> {
    percent_decode_str(path).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_good_for_its_path_and_for_an_hour() {
        let (links, now) = (MediaLinks::new(Some("secret")), DateTime::UNIX_EPOCH);
        let (query, end) = links.sign("/media/a b.mp4", now).unwrap();
        assert_eq!(end, now + GOOD_FOR);
        let check = |path: &str, query: &str, at| links.check(path, Some(query), at);
        assert_eq!(check("/media/a%20b.mp4", &query, now), Some(true));
        assert_eq!(check("/media/a%20b.mp4", &query, end), Some(false));
        assert_eq!(check("/media/b.mp4", &query, now), Some(false));
        let longer = query.replace("exp=3600", "exp=3601");
        assert_ne!(longer, query);
        for forged in [
            longer,
            format!("{query}0"),
            format!("{query}&sig=0"),
            format!("{query}&exp=9"),
            "sig=".to_owned(),
            "exp=99999999999&sig=".to_owned(),
        ] {
            assert_eq!(
                check("/media/a%20b.mp4", &forged, now),
                Some(false),
                "{forged}"
            );
        }
        assert_eq!(check("/media/a%20b.mp4", "exp=3600", now), None);
        let others = MediaLinks::new(None);
        assert_eq!(
            others.check("/media/a b.mp4", Some(&query), now),
            Some(false)
        );
    }
}
