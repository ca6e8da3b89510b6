//! The keyset cursor: names the last row of a page, so that the next page starts right behind it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};

/// Position behind a row in the order (created_at, id).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub created_at: DateTime<Utc>,
    pub id: String,
}

impl Cursor {
    /// Opaque text, safe in a URL.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("1:{}:{}", self.created_at.timestamp_micros(), self.id))
    }

    /// `None` for a text that `encode` did not make.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (version, rest) = text.split_once(':')?;
        let (micros, id) = rest.split_once(':')?;
        let created_at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
        let plausible = version == "1" && !id.is_empty() && id.len() <= 64 && !id.contains('\0');
        plausible.then(|| Self { created_at, id: id.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_read_back_is_the_same(micros in 0i64..4_000_000_000_000_000, id in "[A-Za-z0-9._:-]{1,64}") {
            let cursor = Cursor { created_at: DateTime::from_timestamp_micros(micros).unwrap(), id };
            prop_assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }

        #[test]
        fn whatever_else_comes_is_refused_without_a_panic(text in ".*") {
            let _ = Cursor::decode(&text);
        }
    }
}
