//! Requests by operation and status.

use super::Distribution;
use std::{
    collections::HashMap,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Statuses that are counted apart; all others count as `other`.
const STATUSES: [u16; 26] = [
    200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 400, 401, 403, 404, 405, 408, 409, 412, 413,
    415, 416, 421, 429, 500, 503, 507,
];

/// Upper bounds of the durations of requests, in seconds.
const DURATIONS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    60.0,
];

/// Beginning of the ids of the operations that only clients of older services call.
pub const LEGACY_PREFIX: &str = "legacy_";

/// Label of requests that belong to no operation of the API, such as files of the dashboard.
const NO_OPERATION: &str = "none";

/// Requests of each operation. The operations are named once; each later request only looks up its
/// own in a table that never changes.
#[derive(Debug, Default)]
pub struct Requests {
    operations: OnceLock<HashMap<&'static str, OfOperation>>,
    others: OfOperation,
}

#[derive(Debug)]
struct OfOperation {
    by_status: [AtomicU64; STATUSES.len() + 1],
    durations: Distribution,
}

impl Default for OfOperation {
    fn default() -> Self {
        Self {
            by_status: std::array::from_fn(|_| AtomicU64::new(0)),
            durations: Distribution::new(DURATIONS),
        }
    }
}

impl Requests {
    /// Names the operations; a second call changes nothing.
    pub fn name_operations(&self, ids: impl Iterator<Item = &'static str>) {
        self.operations
            .get_or_init(|| ids.map(|id| (id, OfOperation::default())).collect());
    }

    /// Counts an answered request.
    pub fn observe(&self, operation: Option<&str>, status: u16, took: Duration) {
        let of_operation = operation
            .and_then(|id| self.operations.get()?.get(id))
            .unwrap_or(&self.others);
        let place = STATUSES.binary_search(&status).unwrap_or(STATUSES.len());
        of_operation.by_status[place].fetch_add(1, Ordering::Relaxed);
        of_operation.durations.observe(took.as_secs_f64());
    }

    /// Calls `each` with the label, the number of answers by status and the durations of each
    /// operation that was called.
    pub fn for_each<E>(
        &self,
        mut each: impl FnMut(&str, Vec<(String, u64)>, &Distribution) -> Result<(), E>,
    ) -> Result<(), E> {
        let known = self.operations.get().into_iter().flatten();
        let mut all: Vec<_> = known.map(|(id, of)| (*id, of)).collect();
        all.sort_by_key(|(id, _)| *id);
        all.push((NO_OPERATION, &self.others));
        for (id, of_operation) in all {
            let by_status = of_operation.counted();
            if !by_status.is_empty() {
                each(id, by_status, &of_operation.durations)?;
            }
        }
        Ok(())
    }
}

impl OfOperation {
    fn counted(&self) -> Vec<(String, u64)> {
        let names = STATUSES.iter().map(u16::to_string);
        let names = names.chain(["other".to_owned()]);
        let counts = self.by_status.iter().map(|n| n.load(Ordering::Relaxed));
        names.zip(counts).filter(|(_, n)| *n > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_unknown_operations_and_statuses_have_labels_too() {
        let requests = Requests::default();
        requests.name_operations(["get_job", "list_jobs"].into_iter());
        for (operation, status) in [
            (Some("get_job"), 200),
            (Some("get_job"), 200),
            (Some("get_job"), 404),
            (Some("get_job"), 599),
            (Some("../etc/passwd"), 200),
            (None, 404),
        ] {
            requests.observe(operation, status, Duration::from_millis(3));
        }
        let mut seen = Vec::new();
        let each = |label: &str, statuses: Vec<(String, u64)>, durations: &Distribution| {
            seen.push(format!("{label} {statuses:?} {}", durations.count()));
            Ok::<_, ()>(())
        };
        requests.for_each(each).unwrap();
        assert_eq!(
            seen,
            [
                r#"get_job [("200", 2), ("404", 1), ("other", 1)] 4"#,
                r#"none [("200", 1), ("404", 1)] 2"#,
            ]
        );
    }

    #[test]
    fn statuses_stand_in_order_so_that_they_are_found() {
        assert!(STATUSES.is_sorted());
    }
}
