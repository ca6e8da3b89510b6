//! Spellings of a time in text. Those of ISO 8601 and its relatives are read by hand, since an
//! import reads millions of them; the rest has a format each. A date whose day and month could be
//! exchanged is none.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;

/// Formats with the name of a month.
const NAMED_MONTHS: [&str; 6] = [
    "%a %b %e %H:%M:%S %Y",
    "%a, %d %b %Y %H:%M:%S",
    "%d %b %Y %H:%M:%S",
    "%b %e, %Y %H:%M:%S",
    "%b %e %Y %H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
];

/// Longest text that may be a time, in bytes.
const MAX_BYTES: usize = 100;

/// A time as its text tells it.
pub enum Spelled {
    Moment(DateTime<Utc>),
    /// A reading of a clock in the named zone, or in an unknown one.
    Local(NaiveDateTime, Option<Tz>),
    /// A number since 1970, of which seconds, or parts of one.
    Epoch(f64),
    EpochWhole(i64),
}

pub fn spelled(text: &str) -> Option<Spelled> {
    let text = text.trim();
    if text.len() > MAX_BYTES || !text.is_ascii() {
        return None;
    }
    if let Some((naive, rest)) = iso(text.as_bytes()) {
        return in_zone(naive, text[text.len() - rest..].trim());
    }
    digits(text).or_else(|| with_month(text))
}

/// Reads a date, or a date and a time, and returns how many bytes are left.
fn iso(text: &[u8]) -> Option<(NaiveDateTime, usize)> {
    let mut at = Reader(text);
    let year = at.number(4, 4)?;
    let (month, day) = match at.0.first()? {
        sign @ (b'-' | b'/') => {
            let sign = *sign;
            at.pass(sign)?;
            let month = at.number(1, 2)?;
            at.pass(sign)?;
            (month, at.number(1, 2)?)
        }
        _ => (at.number(2, 2)?, at.number(2, 2)?),
    };
    let basic = text.get(4).is_some_and(u8::is_ascii_digit);
    let date = NaiveDate::from_ymd_opt(year as i32, month, day)?;
    let begins = |at: &Reader<'_>| match at.0 {
        [b'T' | b't', digit, ..] => digit.is_ascii_digit(),
        [b' ', ..] => {
            at.0.trim_ascii_start()
                .first()
                .is_some_and(u8::is_ascii_digit)
        }
        // Fourteen digits: a date and a time without any sign between them.
        rest => basic && rest.iter().take_while(|b| b.is_ascii_digit()).count() == 6,
    };
    if !begins(&at) {
        let ended = !at
            .0
            .first()
            .is_some_and(|b| b.is_ascii_digit() || b"-/.:".contains(b));
        return ended.then_some((date.and_time(NaiveTime::MIN), at.0.len()));
    }
    if matches!(at.0.first(), Some(b'T' | b't')) {
        at.0 = &at.0[1..];
    }
    at.0 = at.0.trim_ascii_start();
    Some((date.and_time(clock(&mut at, basic)?), at.0.len()))
}

/// Reads hours and minutes, and seconds with their fraction if there are any.
fn clock(at: &mut Reader<'_>, basic: bool) -> Option<NaiveTime> {
    let hour = at.number(if basic { 2 } else { 1 }, 2)?;
    let colon = at.pass(b':').is_some();
    if !colon && !basic {
        return None;
    }
    let minute = at.number(2, 2)?;
    let more = if colon {
        at.pass(b':').is_some()
    } else {
        at.0.first().is_some_and(u8::is_ascii_digit)
    };
    if !more {
        return NaiveTime::from_hms_opt(hour, minute, 0);
    }
    let second = at.number(2, 2)?;
    let fraction = matches!(at.0, [b'.' | b',', digit, ..] if digit.is_ascii_digit());
    let nanos = if fraction {
        at.0 = &at.0[1..];
        at.fraction()
    } else {
        0
    };
    // A leap second is the second before it, prolonged.
    match second {
        60 => NaiveTime::from_hms_nano_opt(hour, minute, 59, 1_000_000_000 + nanos),
        _ => NaiveTime::from_hms_nano_opt(hour, minute, second, nanos),
    }
}

/// Reads what follows a date and a time: an offset, the name of a zone, or nothing.
fn in_zone(naive: NaiveDateTime, rest: &str) -> Option<Spelled> {
    let (rest, named) = match rest.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
        Some((rest, zone)) => (rest.trim_end(), Some(zone)),
        None => (rest, None),
    };
    if rest.is_empty() {
        let zone = named.map(str::parse::<Tz>).transpose().ok()?;
        return Some(Spelled::Local(naive, zone));
    }
    if ["Z", "UTC", "GMT", "Etc/UTC"]
        .iter()
        .any(|utc| rest.eq_ignore_ascii_case(utc))
    {
        return Some(Spelled::Moment(naive.and_utc()));
    }
    if let Some(seconds) = offset(rest.trim_end_matches(" UTC")) {
        let moment = naive.checked_sub_signed(chrono::TimeDelta::seconds(seconds))?;
        return Some(Spelled::Moment(moment.and_utc()));
    }
    let zone = rest.contains('/').then(|| rest.parse::<Tz>().ok())??;
    Some(Spelled::Local(naive, Some(zone)))
}

/// Seconds of an offset such as `+08:00`, `-0530`, `+01` or `GMT+8`.
fn offset(text: &str) -> Option<i64> {
    let text = text
        .strip_prefix("UTC")
        .or_else(|| text.strip_prefix("GMT"))
        .unwrap_or(text);
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let mut at = Reader(&text.as_bytes()[1..]);
    let hours = at.number(1, 2)?;
    let mut minutes = 0;
    let mut seconds = 0;
    if !at.0.is_empty() {
        _ = at.pass(b':');
        minutes = at.number(2, 2)?;
    }
    if !at.0.is_empty() {
        _ = at.pass(b':');
        seconds = at.number(2, 2)?;
    }
    let valid = at.0.is_empty() && hours <= 18 && minutes < 60 && seconds < 60;
    valid.then_some(sign * i64::from(hours * 3600 + minutes * 60 + seconds))
}

/// Numbers of digits of the seconds, milliseconds, microseconds and nanoseconds from 1973 to 2286.
const EPOCH_DIGITS: [usize; 8] = [9, 10, 12, 13, 15, 16, 18, 19];

/// Reads a number since 1970, of a length that can be nothing else.
fn digits(text: &str) -> Option<Spelled> {
    let whole = text.split('.').next().unwrap_or_default();
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !plain || !EPOCH_DIGITS.contains(&whole.len()) {
        return None;
    }
    match text.parse() {
        Ok(whole) => Some(Spelled::EpochWhole(whole)),
        Err(_) => text.parse().ok().map(Spelled::Epoch),
    }
}

/// Reads a time with the name of its month, as in mail, in JavaScript and in `date`.
fn with_month(text: &str) -> Option<Spelled> {
    if !text.bytes().any(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    if let Ok(time) = DateTime::parse_from_rfc2822(text) {
        return Some(Spelled::Moment(time.to_utc()));
    }
    let text = text.split(" (").next().unwrap_or(text);
    if let Ok(time) = DateTime::parse_from_str(text, "%a %b %d %Y %H:%M:%S GMT%z") {
        return Some(Spelled::Moment(time.to_utc()));
    }
    let utc = [" UTC", " GMT", " Z"]
        .iter()
        .find(|word| text.contains(*word));
    let plain = utc.map_or(text.to_owned(), |word| text.replacen(word, "", 1));
    let read = |format: &&str| NaiveDateTime::parse_from_str(&plain, format).ok();
    let naive = NAMED_MONTHS.iter().find_map(read)?;
    Some(match utc {
        Some(_) => Spelled::Moment(naive.and_utc()),
        None => Spelled::Local(naive, None),
    })
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// Reads a number of so many digits.
    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let digits = self
            .0
            .iter()
            .take(most)
            .take_while(|b| b.is_ascii_digit())
            .count();
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        (digits >= least).then(|| {
            number
                .iter()
                .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
        })
    }

    fn pass(&mut self, byte: u8) -> Option<()> {
        let rest = self.0.strip_prefix(&[byte])?;
        self.0 = rest;
        Some(())
    }

    /// Reads the digits of a fraction of a second, in nanoseconds; more digits are cut off.
    fn fraction(&mut self) -> u32 {
        let mut nanos = 0;
        let mut unit = 100_000_000;
        while let [digit @ b'0'..=b'9', rest @ ..] = self.0 {
            nanos += u32::from(digit - b'0') * unit;
            unit /= 10;
            self.0 = rest;
        }
        nanos
    }
}
