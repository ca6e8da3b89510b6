//! Histogram of atomics. That of the library takes a lock for each value.

use std::sync::atomic::{AtomicU64, Ordering};

/// Parts of one in which the sum is kept.
const PARTS: f64 = 1_000_000.0;

/// Number of values up to each upper bound, and their sum.
#[derive(Debug)]
pub struct Distribution {
    bounds: &'static [f64],
    /// Number of values in each bucket; the last one has those above all bounds.
    buckets: Box<[AtomicU64]>,
    /// Sum of all values, in millionths.
    sum: AtomicU64,
}

/// Values of a distribution at one moment.
#[derive(Debug, PartialEq)]
pub struct Reading {
    pub sum: f64,
    pub count: u64,
    /// Upper bounds with the number of values in each bucket.
    pub buckets: Vec<(f64, u64)>,
}

impl Distribution {
    /// Creates a distribution with ascending upper bounds.
    pub fn new(bounds: &'static [f64]) -> Self {
        Self {
            bounds,
            buckets: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    /// Adds a value; one that is negative or no number counts as zero.
    pub fn observe(&self, value: f64) {
        let value = value.max(0.0);
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        // A float beyond the range becomes the largest integer.
        let parts = (value * PARTS) as u64;
        self.sum.fetch_add(parts, Ordering::Relaxed);
    }

    pub fn read(&self) -> Reading {
        let counts = self.buckets.iter().map(|n| n.load(Ordering::Relaxed));
        let bounds = self.bounds.iter().copied().chain([f64::INFINITY]);
        let buckets: Vec<_> = bounds.zip(counts).collect();
        Reading {
            sum: self.sum.load(Ordering::Relaxed) as f64 / PARTS,
            count: buckets.iter().map(|(_, n)| n).sum(),
            buckets,
        }
    }

    /// Returns the number of values.
    pub fn count(&self) -> u64 {
        self.read().count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_in_the_first_bucket_whose_bound_it_does_not_exceed() {
        let distribution = Distribution::new(&[1.0, 2.0]);
        for value in [0.0, 1.0, 1.5, 2.0, 7.25, -3.0, f64::NAN] {
            distribution.observe(value);
        }
        let read = distribution.read();
        assert_eq!(read.buckets, [(1.0, 4), (2.0, 2), (f64::INFINITY, 1)]);
        assert_eq!((read.count, read.sum), (7, 11.75));
    }
}
