//! Upper bounds of counters: far above the counts of any job, and far below the largest number of
//! their type, so that adding one cannot overflow. The CHECK constraints of the schema have the
//! same bounds.

/// Maximum number of starts of a job.
pub const MAX_ATTEMPT: i32 = 1_000_000;

/// Maximum version of a job: the largest integer up to which every JSON reader counts exactly.
pub const MAX_VERSION: i64 = 1 << 53;

/// Maximum position of an item in its job.
pub const MAX_INDEX: i32 = 999_999;

/// Returns the version after this number of steps; `None` beyond [`MAX_VERSION`].
pub fn version_after(version: i64, steps: usize) -> Option<i64> {
    version
        .checked_add(i64::try_from(steps).ok()?)
        .filter(|version| *version <= MAX_VERSION)
}

/// Returns the next attempt; `None` beyond [`MAX_ATTEMPT`].
pub fn next_attempt(attempt: i32) -> Option<i32> {
    attempt
        .checked_add(1)
        .filter(|attempt| *attempt <= MAX_ATTEMPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_end_where_the_schema_says() {
        assert_eq!(version_after(MAX_VERSION - 1, 1), Some(MAX_VERSION));
        assert_eq!(
            [
                version_after(MAX_VERSION, 1),
                version_after(i64::MAX, 1),
                version_after(1, usize::MAX)
            ],
            [None; 3]
        );
        assert_eq!(
            [next_attempt(0), next_attempt(MAX_ATTEMPT - 1)],
            [Some(1), Some(MAX_ATTEMPT)]
        );
        assert_eq!(
            [next_attempt(MAX_ATTEMPT), next_attempt(i32::MAX)],
            [None; 2]
        );
    }
}
