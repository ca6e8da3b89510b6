//! Position in the stream of all events, which a client sends to resume from there.

use std::{fmt, str::FromStr};

/// Position in the stream. Everything up to `at` was sent, except for held-back events: the last
/// progress of some jobs, among the `back` positions before `at`. The first `told` of these were
/// sent meanwhile. The held-back events follow from the history, so any server can resume from any
/// position.
///
/// Text form: `at`, `at.back` or `at.back.told`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub at: i64,
    pub back: i64,
    pub told: usize,
}

/// Maximum distance of a held-back event from its position: more than the length of a round, with
/// allowance for gaps in the numbers.
const FARTHEST: i64 = 50_000;

impl Place {
    /// Creates a position without held-back events.
    pub fn of(at: i64) -> Self {
        Self { at, back: 0, told: 0 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place { at, back: 0, .. } => write!(f, "{at}"),
            Place { at, back, told: 0 } => write!(f, "{at}.{back}"),
            Place { at, back, told } => write!(f, "{at}.{back}.{told}"),
        }
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = |part: Option<&str>| match part {
            None => Ok(0),
            // Digits alone: no position that a server wrote has a sign or a blank.
            Some(part) if part.bytes().all(|b| b.is_ascii_digit()) => part.parse::<i64>().map_err(|_| ()),
            Some(_) => Err(()),
        };
        let mut parts = text.split('.');
        let at = number(Some(parts.next().ok_or(())?))?;
        let (back, told) = (number(parts.next())?, number(parts.next())?);
        let place = Place { at, back, told: usize::try_from(told).map_err(|_| ())? };
        let possible = parts.next().is_none() && back <= at.min(FARTHEST) && (back > 0 || told == 0);
        possible.then_some(place).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(at in 0i64.., back in 0i64..1000, told in 0usize..9) {
            let back = back.min(at);
            let place = Place { at, back, told: if back == 0 { 0 } else { told } };
            prop_assert_eq!(place.to_string().parse(), Ok(place));
        }

        #[test]
        fn any_text_is_read_or_refused(text: String) {
            if let Ok(place) = text.parse::<Place>() {
                prop_assert!(place.at >= place.back);
            }
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "-1", "+1", " 1", "1 ", "x", "1.", "1.2", "5.0.1", "5.1.1.1", "9223372036854775808"] {
            assert_eq!(text.parse::<Place>(), Err(()), "{text}");
        }
    }
}
