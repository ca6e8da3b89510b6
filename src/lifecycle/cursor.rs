//! Keyset cursor: names the last row of a page, so that the next page starts right behind it.

use chrono::{DateTime, Datelike, Utc};

/// Position behind a row in the order (created_at, id).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    pub created_at: DateTime<Utc>,
    pub id: String,
}

impl Cursor {
    /// Pattern of an encoded cursor, for the years 69 to 9891; the years around them would make it
    /// unreadable. Every text that matches is a position, so a list accepts all of them.
    pub const PATTERN: &str =
        "^(-[0-5]?[0-9]{1,16}|[01]?[0-9]{1,17}|2[0-4][0-9]{16})_([0-9a-f]{2}){1,256}$";

    /// Encodes the cursor as an opaque text, safe in a URL: microseconds since 1970, and the id in
    /// hexadecimal.
    pub fn encode(&self) -> String {
        let id: String = self.id.bytes().map(|b| format!("{b:02x}")).collect();
        format!("{}_{id}", self.created_at.timestamp_micros())
    }

    /// Decodes a cursor; `None` for a text that no list returned.
    pub fn decode(text: &str) -> Option<Self> {
        let (micros, hex) = text.split_once('_')?;
        let digits = micros.strip_prefix('-').unwrap_or(micros);
        let numeric =
            (1..=18).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if !numeric || hex.is_empty() || hex.len() > 512 || hex.len() % 2 != 0 {
            return None;
        }
        let byte = |pair: &[u8]| {
            let pair = std::str::from_utf8(pair)
                .ok()
                .filter(|p| p.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))?;
            u8::from_str_radix(pair, 16).ok()
        };
        let bytes: Option<Vec<u8>> = hex.as_bytes().chunks(2).map(byte).collect();
        // No id contains a NUL, and PostgreSQL cannot compare with one.
        let id = String::from_utf8_lossy(&bytes?).replace('\0', " ");
        let created_at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
        // SQLite compares times as text, which sorts only years of four digits; PostgreSQL has no
        // times before 4713 BC.
        (0..=9999)
            .contains(&created_at.year())
            .then_some(Self { created_at, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::*, string::string_regex};

    proptest! {
        #[test]
        fn a_cursor_read_back_is_the_same(
            micros in 0i64..4_000_000_000_000_000,
            id in "[^\\x00]{1,64}",
        ) {
            let created_at = DateTime::from_timestamp_micros(micros).unwrap();
            let cursor = Cursor { created_at, id };
            prop_assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }

        #[test]
        fn a_text_of_the_documented_form_is_a_position(
            text in string_regex(Cursor::PATTERN.trim_matches(['^', '$'])).unwrap(),
        ) {
            prop_assert!(Cursor::decode(&text).is_some());
        }

        #[test]
        fn whatever_else_comes_is_refused_without_a_panic(text in ".*") {
            let _ = Cursor::decode(&text);
        }
    }

    #[test]
    fn only_the_years_0_to_9999_have_a_position() {
        for inside in ["-62167219200000000", "-1", "0", "253402300799999999"] {
            assert!(
                Cursor::decode(&format!("{inside}_61")).is_some(),
                "{inside}"
            );
        }
        for outside in [
            "-999999999999999999",
            "-62167219200000001",
            "253402300800000000",
            "999999999999999999",
        ] {
            assert_eq!(Cursor::decode(&format!("{outside}_61")), None, "{outside}");
        }
    }
}
