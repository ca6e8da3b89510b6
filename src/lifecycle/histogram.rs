//! Histogram of durations. Histograms can be added, and the sum still yields any percentile.
//!
//! A duration counts in the bin of its magnitude. Bins grow by a constant factor, so that the value
//! reported for a bin is at most 2 % away from each duration in it.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Maximum relative error of a reported percentile.
const RELATIVE_ERROR: f64 = 0.02;

/// Minimum duration in seconds; shorter ones count as zero.
const MIN_SECONDS: f64 = 0.001;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Counts by bin; bin `None` holds the durations that count as zero.
    bins: BTreeMap<Option<i32>, u64>,
}

impl Histogram {
    pub fn add(&mut self, seconds: f64) {
        let count = self.bins.entry(bin(seconds)).or_default();
        *count = count.saturating_add(1);
    }

    pub fn merge(&mut self, other: &Self) {
        for (bin, count) in &other.bins {
            let sum = self.bins.entry(*bin).or_default();
            *sum = sum.saturating_add(*count);
        }
    }

    /// Returns the duration in seconds that this share (0.0 to 1.0) of all durations does not
    /// exceed; `None` if there are no durations.
    pub fn percentile(&self, share: f64) -> Option<f64> {
        let total = self.bins.values().copied().fold(0, u64::saturating_add);
        let rank = ((share * total as f64).ceil() as u64).max(1);
        let mut passed = 0_u64;
        let reached = |(_, count): &(&Option<i32>, &u64)| {
            passed = passed.saturating_add(**count);
            passed >= rank
        };
        self.bins
            .iter()
            .find(reached)
            .map(|(bin, _)| bin.map_or(0.0, middle))
    }

    pub fn to_json(&self) -> Value {
        let member = |(bin, count): (&Option<i32>, &u64)| {
            (
                bin.map_or_else(|| "none".to_owned(), |bin| bin.to_string()),
                Value::from(*count),
            )
        };
        Value::Object(self.bins.iter().map(member).collect::<Map<_, _>>())
    }

    pub fn from_json(value: &Value) -> Self {
        let bin = |(name, count): (&String, &Value)| Some((name.parse().ok(), count.as_u64()?));
        Self {
            bins: value
                .as_object()
                .into_iter()
                .flatten()
                .filter_map(bin)
                .collect(),
        }
    }
}

fn factor() -> f64 {
    (1.0 + RELATIVE_ERROR) / (1.0 - RELATIVE_ERROR)
}

fn bin(seconds: f64) -> Option<i32> {
    // The limit keeps the bin number small: the clock does not count beyond 10^12 seconds.
    (seconds >= MIN_SECONDS).then(|| (seconds.min(1e12).ln() / factor().ln()).ceil() as i32)
}

/// Returns the value within the error of every duration of the bin.
fn middle(bin: i32) -> f64 {
    2.0 * factor().powi(bin) / (factor() + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn percentiles_are_within_the_error(
            mut all in prop::collection::vec(0.001f64..1e7, 1..200),
            share in 0.0f64..=1.0,
        ) {
            let mut histogram = Histogram::default();
            all.iter().for_each(|seconds| histogram.add(*seconds));
            all.sort_by(f64::total_cmp);
            let rank = ((share * all.len() as f64).ceil() as usize).max(1);
            let (exact, reported) = (all[rank - 1], histogram.percentile(share).unwrap());
            prop_assert!((reported - exact).abs() <= exact * (RELATIVE_ERROR + 1e-9), "{} instead \
                of {}", reported, exact);
        }

        #[test]
        fn two_halves_are_the_whole(
            all in prop::collection::vec(0.0f64..1e13, 0..50),
            half in 0usize..50,
        ) {
            let of = |all: &[f64]| all.iter().fold(Histogram::default(), |mut h, s| { h.add(*s); h });
            let half = half.min(all.len());
            let mut sum = Histogram::from_json(&of(&all[..half]).to_json());
            sum.merge(&of(&all[half..]));
            prop_assert_eq!(sum, of(&all));
        }
    }

    #[test]
    fn of_nothing_nothing_is_told_and_no_time_is_none() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentile(0.5), None);
        histogram.add(0.0);
        assert_eq!(histogram.percentile(0.5), Some(0.0));
    }
}
