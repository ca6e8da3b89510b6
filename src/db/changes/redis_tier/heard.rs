//! Newest versions of jobs that this server heard of, by its own writes and by notices. An older
//! entry of the shared cache is not used.
//!
//! An entry lives for [`MAX_AGE`] from before its job was read. So a version is remembered for
//! longer than any entry from before its commit can live.

use crate::db::changes::{change_bus::CommitNotice, job_cache::MAX_AGE};
use moka::{ops::compute::Op, sync::Cache};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Time for which a version is remembered: twice the life of an entry.
const REMEMBER_FOR: Duration = MAX_AGE.saturating_mul(2);

/// Version above all others: no entry of the job is used.
const NO_ENTRY: i64 = i64::MAX;

/// Newest versions that this server heard of lately. Their number is bounded by the changes of two
/// seconds.
pub struct Heard {
    versions: Cache<String, i64>,
    /// Time until which no entry of any job is used.
    none_until: Mutex<Option<Instant>>,
}

impl Default for Heard {
    fn default() -> Self {
        let versions = Cache::builder().time_to_live(REMEMBER_FOR).build();
        Self {
            versions,
            none_until: Mutex::default(),
        }
    }
}

impl Heard {
    /// Takes a notice of this or of another server.
    pub fn hear(&self, notice: &CommitNotice, now: Instant) {
        if notice.more {
            let until = Some(now + REMEMBER_FOR);
            *self.lock() = until;
        }
        for changed in &notice.jobs {
            self.remember(&changed.job_id, changed.seq);
        }
        for id in &notice.leases {
            self.remember(id, NO_ENTRY);
        }
    }

    /// Returns the version that an entry of the job needs at least; `None` if no entry is used.
    pub fn at_least(&self, id: &str, now: Instant) -> Option<i64> {
        if self.lock().is_some_and(|until| now < until) {
            return None;
        }
        let version = self.versions.get(id).unwrap_or_default();
        (version < NO_ENTRY).then_some(version)
    }

    fn remember(&self, id: &str, version: i64) {
        // A notice of another server may arrive after a newer one of this server.
        self.versions.entry_by_ref(id).and_compute_with(|known| {
            Op::Put(known.map_or(version, |known| version.max(known.into_value())))
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.none_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::changes::change_bus::JobChanged;
    use entity::JobStatus;

    fn of(id: &str, seq: i64) -> CommitNotice {
        let changed = JobChanged {
            job_id: id.into(),
            job_type: "t".into(),
            seq,
            status: JobStatus::Queued,
        };
        CommitNotice {
            jobs: vec![changed],
            ..CommitNotice::default()
        }
    }

    #[test]
    fn the_newest_version_counts_in_whatever_order_it_is_heard_of() {
        let (heard, now) = (Heard::default(), Instant::now());
        for seq in [3, 7, 5] {
            heard.hear(&of("a", seq), now);
        }
        assert_eq!(heard.at_least("a", now), Some(7));
        assert_eq!(heard.at_least("b", now), Some(0));
    }

    #[test]
    fn no_entry_is_used_of_a_job_whose_lease_moved() {
        let (heard, now) = (Heard::default(), Instant::now());
        let leases = vec!["a".to_owned()];
        heard.hear(
            &CommitNotice {
                leases,
                ..CommitNotice::default()
            },
            now,
        );
        heard.hear(&of("a", 9), now);
        assert_eq!(heard.at_least("a", now), None);
        assert_eq!(heard.at_least("b", now), Some(0));
    }

    #[test]
    fn no_entry_is_used_for_a_while_after_any_job_may_have_changed() {
        let (heard, now) = (Heard::default(), Instant::now());
        heard.hear(&CommitNotice::of_any(), now);
        assert_eq!(heard.at_least("a", now), None);
        assert_eq!(heard.at_least("a", now + MAX_AGE), None);
        assert_eq!(heard.at_least("a", now + REMEMBER_FOR), Some(0));
    }
}
