//! Progress computed from counts.

/// Returns `completed` of `total` in percent, at most 100.0; 0.0 if no total is known.
pub fn percent(completed: i32, total: i32) -> f64 {
    if total <= 0 {
        return 0.0;
    }
    (f64::from(completed.clamp(0, total)) * 100.0 / f64::from(total)).clamp(0.0, 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_percentage_lies_between_0_and_100_and_grows_with_each_shot(
            total in 1i32..=i32::MAX,
            a: i32,
            b: i32,
        ) {
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!((0.0..=100.0).contains(&percent(a, total)));
            prop_assert!(percent(low, total) <= percent(high, total));
            prop_assert_eq!(percent(total, total), 100.0);
        }
    }

    #[test]
    fn without_a_total_there_is_no_progress() {
        assert_eq!(percent(0, 0), 0.0);
    }
}
