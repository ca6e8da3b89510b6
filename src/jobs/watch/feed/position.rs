//! Position in the stream of all events, which a client sends to resume from there.

use std::{fmt, str::FromStr};

/// Position in the stream. Everything up to `at` was sent, except for held-back events: the last
/// progress of some jobs, among the `back` positions before `at`. The first `sent` of these were
/// sent meanwhile. The held-back events follow from the history, so any server can resume from any
/// position.
///
/// Text form: `at`, `at.back` or `at.back.sent`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamPosition {
    pub at: i64,
    pub back: i64,
    pub sent: usize,
}

/// Maximum distance of a held-back event from its position: more than the length of a round, with
/// allowance for gaps in the numbers.
const MAX_SPAN: i64 = 50_000;

impl StreamPosition {
    /// Creates a position without held-back events.
    pub fn of(at: i64) -> Self {
        Self {
            at,
            back: 0,
            sent: 0,
        }
    }
}

impl fmt::Display for StreamPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StreamPosition { at, back: 0, .. } => write!(f, "{at}"),
            StreamPosition { at, back, sent: 0 } => write!(f, "{at}.{back}"),
            StreamPosition { at, back, sent } => write!(f, "{at}.{back}.{sent}"),
        }
    }
}

impl FromStr for StreamPosition {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = |part: Option<&str>| match part {
            None => Ok(0),
            // Digits alone: no position that a server wrote has a sign or a blank.
            Some(part) if part.bytes().all(|b| b.is_ascii_digit()) => {
                part.parse::<i64>().map_err(|_| ())
            }
            Some(_) => Err(()),
        };
        let mut parts = text.split('.');
        let at = number(Some(parts.next().ok_or(())?))?;
        let (back, sent) = (number(parts.next())?, number(parts.next())?);
        let place = StreamPosition {
            at,
            back,
            sent: usize::try_from(sent).map_err(|_| ())?,
        };
        let possible =
            parts.next().is_none() && back <= at.min(MAX_SPAN) && (back > 0 || sent == 0);
        possible.then_some(place).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(at in 0i64.., back in 0i64..1000, sent in 0usize..9) {
            let back = back.min(at);
            let place = StreamPosition { at, back, sent: if back == 0 { 0 } else { sent } };
            prop_assert_eq!(place.to_string().parse(), Ok(place));
        }

        #[test]
        fn any_text_is_read_or_refused(text: String) {
            if let Ok(place) = text.parse::<StreamPosition>() {
                prop_assert!(place.at >= place.back);
            }
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "-1",
            "+1",
            " 1",
            "1 ",
            "x",
            "1.",
            "1.2",
            "5.0.1",
            "5.1.1.1",
            "9223372036854775808",
        ] {
            assert_eq!(text.parse::<StreamPosition>(), Err(()), "{text}");
        }
    }
}
