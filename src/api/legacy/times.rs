//! Times as the older services wrote them: microseconds only if there are some.

use chrono::{DateTime, Timelike, Utc};

/// Returns the time in UTC without a zone, e.g. `2025-11-09T02:30:00.003351`.
pub fn naive(time: DateTime<Utc>) -> String {
    let fraction = if time.nanosecond() / 1000 == 0 {
        ""
    } else {
        "%.6f"
    };
    time.format(&format!("%Y-%m-%dT%H:%M:%S{fraction}"))
        .to_string()
}

/// Returns the time in UTC with a `Z`, e.g. `2025-12-29T13:54:00Z`.
pub fn zulu(time: DateTime<Utc>) -> String {
    format!("{}Z", naive(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_has_six_digits_or_is_left_out() {
        const BEGIN: i64 = 1_762_655_400_000_000;
        let at = |micros: i64| DateTime::from_timestamp_micros(BEGIN + micros).unwrap();
        assert_eq!(naive(at(0)), "2025-11-09T02:30:00");
        assert_eq!(naive(at(3_351)), "2025-11-09T02:30:00.003351");
        assert_eq!(naive(at(100_000)), "2025-11-09T02:30:00.100000");
        assert_eq!(zulu(at(0)), "2025-11-09T02:30:00Z");
    }
}
