//! Calls that are not in the database yet.
//!
//! A call adds itself here and does not wait for the database; a loop stores what is due each
//! second. Calls that workers and creators repeat all day are summed up for a minute first: ten
//! thousand heartbeats are one row, not ten thousand.

use crate::log_rate_limit::LogRateLimit;
use chrono::{DateTime, TimeDelta, Utc};
use entity::audit;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Time for which frequent calls are summed up.
const SUM_UP: TimeDelta = TimeDelta::minutes(1);

/// Number of rows from which on all are due.
const MANY: usize = 1000;

/// Maximum number of rows in memory, about 3 MB. Beyond it, while the database takes no writes,
/// further calls are lost, and the log says how many.
const MAX_ROWS: usize = 10_000;

/// Maximum characters of a target.
const MAX_TARGET_CHARS: usize = 200;

/// What calls of one row have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    pub key_id: Option<String>,
    pub operation: Arc<str>,
    /// Ids in the path; `None` for frequent calls.
    pub target: Option<String>,
    pub status: u16,
}

struct Summed {
    first: DateTime<Utc>,
    request_id: String,
    is_frequent: bool,
    calls: i64,
}

#[derive(Default)]
struct Waiting {
    calls: HashMap<Call, Summed>,
    /// Rows that could not be stored yet.
    rows: Vec<audit::Model>,
    lost: LogRateLimit,
}

#[derive(Clone, Default)]
pub struct AuditCalls(Arc<Mutex<Waiting>>);

impl AuditCalls {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a call. A frequent one is stored after a minute, others with the next look.
    pub fn add(&self, mut call: Call, at: DateTime<Utc>, request_id: &str, is_frequent: bool) {
        if let Some(target) = &mut call.target
            && let Some((end, _)) = target.char_indices().nth(MAX_TARGET_CHARS)
        {
            target.truncate(end);
        }
        let mut waiting = self.lock();
        let has_room = waiting.calls.len() + waiting.rows.len() < MAX_ROWS;
        if let Some(summed) = waiting.calls.get_mut(&call) {
            summed.calls += 1;
        } else if has_room {
            let summed = Summed {
                first: at,
                request_id: request_id.to_owned(),
                is_frequent,
                calls: 1,
            };
            waiting.calls.insert(call, summed);
        } else {
            waiting.lose();
        }
    }

    /// Takes out the rows that are due, or all.
    pub fn take_due(
        &self,
        now: DateTime<Utc>,
        all: bool,
        new_id: impl Fn() -> String,
    ) -> Vec<audit::Model> {
        let mut waiting = self.lock();
        let mut rows = std::mem::take(&mut waiting.rows);
        let all = all || waiting.calls.len() >= MANY;
        let due = waiting.calls.extract_if(|_, summed| {
            // A clock that was set back makes a call due as well.
            let age = (now - summed.first).abs();
            all || !summed.is_frequent || age >= SUM_UP
        });
        rows.extend(due.map(|(call, summed)| audit::Model {
            id: new_id(),
            at: summed.first,
            key_id: call.key_id,
            operation: call.operation.as_ref().to_owned(),
            target: call.target,
            request_id: Some(summed.request_id),
            status: i16::try_from(call.status).unwrap_or(i16::MAX),
            calls: summed.calls,
        }));
        rows
    }

    /// Puts back rows that could not be stored.
    pub fn put_back(&self, mut rows: Vec<audit::Model>) {
        let mut waiting = self.lock();
        let room = MAX_ROWS.saturating_sub(waiting.calls.len() + waiting.rows.len());
        for _ in room..rows.len() {
            waiting.lose();
        }
        rows.truncate(room);
        waiting.rows.append(&mut rows);
    }
}

impl Waiting {
    fn lose(&mut self) {
        if let Some(calls) = self.lost.count() {
            tracing::error!(
                calls,
                "the audit lost calls: the database has taken none of them for too long"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(target: &str) -> Call {
        Call {
            key_id: Some("abcd2345".to_owned()),
            operation: "cancel_job".into(),
            target: Some(target.to_owned()),
            status: 200,
        }
    }

    fn stored(calls: &AuditCalls, now: DateTime<Utc>) -> Vec<(i64, Option<String>)> {
        let rows = calls.take_due(now, false, || "id".to_owned());
        let mut rows: Vec<_> = rows.into_iter().map(|r| (r.calls, r.target)).collect();
        rows.sort();
        rows
    }

    #[test]
    fn calls_alike_are_one_row_and_frequent_ones_wait_a_minute() {
        let (calls, now) = (AuditCalls::default(), DateTime::UNIX_EPOCH);
        for _ in 0..3 {
            calls.add(call("a"), now, "r", false);
        }
        calls.add(call(&"ä".repeat(300)), now, "r", true);
        assert_eq!(stored(&calls, now), [(3, Some("a".to_owned()))]);
        assert_eq!(stored(&calls, now + TimeDelta::seconds(59)), []);
        assert_eq!(
            stored(&calls, now + SUM_UP),
            [(1, Some("ä".repeat(MAX_TARGET_CHARS)))]
        );
        assert_eq!(stored(&calls, now + SUM_UP), []);
    }

    #[test]
    fn what_cannot_be_stored_stays_up_to_a_bound() {
        let (calls, now) = (AuditCalls::default(), DateTime::UNIX_EPOCH);
        for n in 0..MAX_ROWS + 5 {
            calls.add(call(&n.to_string()), now, "r", false);
        }
        let rows = calls.take_due(now, false, || "id".to_owned());
        assert_eq!(rows.len(), MAX_ROWS);
        calls.add(call("later"), now, "r", false);
        calls.put_back(rows);
        assert_eq!(stored(&calls, now).len(), MAX_ROWS);
    }
}
