//! Labels of job types: a scrape names the types with the most jobs, and counts the others
//! together.

use super::{MAX_TYPES, OTHER};
use std::collections::{BTreeMap, BTreeSet};

/// Returns the types that get labels of their own: those with the most jobs.
pub fn named_types<'a>(jobs: &'a [(String, &'static str, u64)]) -> BTreeSet<&'a str> {
    let mut totals: BTreeMap<&str, u64> = BTreeMap::new();
    for (job_type, _, n) in jobs {
        let total = totals.entry(job_type).or_default();
        *total = total.saturating_add(*n);
    }
    let mut by_size: Vec<_> = totals.into_iter().collect();
    by_size.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let largest = by_size.into_iter().take(MAX_TYPES);
    largest.map(|(job_type, _)| job_type).collect()
}

fn label<'a>(job_type: &'a str, named: &BTreeSet<&str>) -> &'a str {
    if named.contains(job_type) {
        job_type
    } else {
        OTHER
    }
}

/// Returns the jobs by the labels of type and status.
pub fn by_label<'a>(
    jobs: &'a [(String, &'static str, u64)],
    named: &BTreeSet<&str>,
) -> BTreeMap<(&'a str, &'static str), u64> {
    let mut by_label = BTreeMap::new();
    for (job_type, status, n) in jobs {
        let sum: &mut u64 = by_label
            .entry((label(job_type, named), *status))
            .or_default();
        *sum = sum.saturating_add(*n);
    }
    by_label
}

/// Returns the longest time by the label of the type; 0 for a named type without a due job.
pub fn oldest_by_label<'a>(
    oldest: &'a [(String, f64)],
    named: &BTreeSet<&'a str>,
) -> BTreeMap<&'a str, f64> {
    let mut by_label: BTreeMap<&str, f64> = named.iter().map(|one| (*one, 0.0)).collect();
    for (job_type, seconds) in oldest {
        let longest = by_label.entry(label(job_type, named)).or_default();
        *longest = longest.max(*seconds);
    }
    by_label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_a_hundred_types_the_smallest_share_a_label() {
        let jobs: Vec<_> = (0..150u64)
            .map(|n| (format!("type-{n:03}"), "queued", n + 1))
            .collect();
        let named = named_types(&jobs);
        let by_label = by_label(&jobs, &named);
        assert_eq!(by_label.len(), MAX_TYPES + 1);
        assert_eq!(by_label[&(OTHER, "queued")], (1..=50).sum::<u64>());
        assert_eq!(by_label[&("type-149", "queued")], 150);
        let oldest = [("type-000".to_owned(), 9.0), ("type-001".to_owned(), 4.0)];
        assert_eq!(oldest_by_label(&oldest, &named)[OTHER], 9.0);
    }
}
