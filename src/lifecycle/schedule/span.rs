//! Durations as people write them: `90s`, `45m`, `12h`, `30d`, `2w`.

use chrono::TimeDelta;

/// Units with their seconds.
const UNITS: [(char, i64); 5] = [
    ('s', 1),
    ('m', 60),
    ('h', 60 * 60),
    ('d', 24 * 60 * 60),
    ('w', 7 * 24 * 60 * 60),
];

/// Longest duration: ten years.
const MAX_SECONDS: i64 = 3653 * 24 * 60 * 60;

/// Reads a duration of one second to ten years, such as `90m` or `1h30m`.
///
/// Errors: a sentence with the remedy.
pub fn span(text: &str) -> Result<TimeDelta, String> {
    let text = text.trim();
    if text.starts_with('-') {
        return Err(format!(
            "`{text}` lies in the past: use a duration without a minus, such as 30m, 12h or 1d."
        ));
    }
    let unreadable = || {
        format!(
            "`{text}` is not a duration: use a number with a unit of s, m, h, d or w, such as 30m, \
            12h or 1h30m."
        )
    };
    let (mut seconds, mut number) = (0_i64, None::<i64>);
    let too_long = || "Use a duration of at most ten years, such as 30d.".to_owned();
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            let next = number.unwrap_or(0).checked_mul(10);
            let next = next.and_then(|n| n.checked_add(digit.into()));
            number = Some(next.ok_or_else(too_long)?);
            continue;
        }
        let unit = UNITS.iter().find(|(name, _)| *name == c);
        let (_, unit) = unit.ok_or_else(unreadable)?;
        let part = number.take().ok_or_else(unreadable)?.checked_mul(*unit);
        let sum = part.and_then(|part| seconds.checked_add(part));
        seconds = sum.ok_or_else(too_long)?;
    }
    match seconds {
        _ if number.is_some() || text.is_empty() => Err(unreadable()),
        0 => Err("Use a duration of at least one second, such as 30s.".to_owned()),
        MAX_SECONDS.. if seconds > MAX_SECONDS => Err(too_long()),
        _ => Ok(TimeDelta::seconds(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_read_as_people_write_them() {
        for (text, seconds) in [
            ("1s", 1),
            ("90m", 5400),
            ("12h", 43_200),
            ("1h30m", 5400),
            (" 2w ", 1_209_600),
        ] {
            assert_eq!(span(text), Ok(TimeDelta::seconds(seconds)), "{text}");
        }
    }

    #[test]
    fn a_duration_that_is_none_is_answered_with_what_to_write() {
        for (text, remedy) in [
            ("-1d", "without a minus"),
            ("", "a number with a unit"),
            ("12", "a number with a unit"),
            ("h", "a number with a unit"),
            ("1.5h", "a number with a unit"),
            ("3 days", "a number with a unit"),
            ("0s", "at least one second"),
            ("4000d", "at most ten years"),
            ("99999999999999999999d", "at most ten years"),
            ("9223372036854775807w", "at most ten years"),
        ] {
            let error = span(text).unwrap_err();
            assert!(error.contains(remedy), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,20}") {
            let _ = span(&text);
        }
    }
}
