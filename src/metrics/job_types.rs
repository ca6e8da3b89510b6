//! Created and ended jobs by type, in a table that only grows and is read without a lock.

use super::Distribution;
use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

/// Maximum number of job types with labels of their own.
pub const MAX_TYPES: usize = 100;

/// Label of the jobs of all further types.
pub const OTHER: &str = "other";

/// Slots of the table: more than types, so that a search ends soon.
const SLOTS: usize = 256;

/// Upper bounds of the durations of jobs, in seconds: from one second to one day.
const DURATIONS: &[f64] = &[
    1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 14_400.0, 43_200.0,
    86_400.0,
];

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Completed,
    Failed,
    Cancelled,
}

impl Ending {
    pub const ALL: [Ending; 3] = [Ending::Completed, Ending::Failed, Ending::Cancelled];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Jobs of one type.
#[derive(Debug)]
pub struct OfType {
    pub name: String,
    created: AtomicU64,
    ended: [AtomicU64; 3],
    /// Seconds from the due time to the start.
    pub waits: Distribution,
    /// Seconds that completed and failed attempts ran.
    pub runs: Distribution,
}

impl OfType {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            created: AtomicU64::new(0),
            ended: std::array::from_fn(|_| AtomicU64::new(0)),
            waits: Distribution::new(DURATIONS),
            runs: Distribution::new(DURATIONS),
        }
    }

    pub fn created(&self) -> u64 {
        self.created.load(Ordering::Relaxed)
    }

    pub fn ended(&self, ending: Ending) -> u64 {
        self.ended[ending as usize].load(Ordering::Relaxed)
    }
}

/// Jobs of this server by type.
#[derive(Debug)]
pub struct JobTypes {
    slots: Box<[OnceLock<OfType>]>,
    used: AtomicUsize,
    others: OfType,
    hasher: RandomState,
}

impl Default for JobTypes {
    fn default() -> Self {
        Self {
            slots: (0..SLOTS).map(|_| OnceLock::new()).collect(),
            used: AtomicUsize::new(0),
            others: OfType::new(OTHER),
            hasher: RandomState::new(),
        }
    }
}

impl JobTypes {
    pub fn created(&self, job_type: &str) {
        self.of(job_type).created.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a started job that was due for `waited` seconds.
    pub fn started(&self, job_type: &str, waited: Option<f64>) {
        if let Some(seconds) = waited {
            self.of(job_type).waits.observe(seconds);
        }
    }

    /// Counts an ended job whose last attempt ran for `ran` seconds.
    pub fn ended(&self, job_type: &str, ending: Ending, ran: Option<f64>) {
        let of_type = self.of(job_type);
        of_type.ended[ending as usize].fetch_add(1, Ordering::Relaxed);
        if let Some(seconds) = ran.filter(|_| ending != Ending::Cancelled) {
            of_type.runs.observe(seconds);
        }
    }

    /// Returns the types that were seen, by name; that of all further types is the last.
    pub fn all(&self) -> Vec<&OfType> {
        let mut all: Vec<_> = self.slots.iter().filter_map(OnceLock::get).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let others = &self.others;
        let counted = others.created() + others.waits.count();
        if counted > 0 || Ending::ALL.iter().any(|ending| others.ended(*ending) > 0) {
            all.push(others);
        }
        all
    }

    fn of(&self, job_type: &str) -> &OfType {
        let first = self.hasher.hash_one(job_type) as usize;
        for step in 0..SLOTS {
            let slot = &self.slots[first.wrapping_add(step) % SLOTS];
            let of_type = match slot.get() {
                Some(of_type) => of_type,
                None if job_type == OTHER || !self.take_place() => return &self.others,
                None => slot.get_or_init(|| OfType::new(job_type)),
            };
            if of_type.name == job_type {
                return of_type;
            }
        }
        &self.others
    }

    /// Reserves the place of one more type. Two calls that meet at an empty slot both reserve one,
    /// so the table may end up with a few types less than it could have.
    fn take_place(&self) -> bool {
        let reserve = |used| (used < MAX_TYPES).then_some(used + 1);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, reserve)
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_hundred_types_share_one_label() {
        let types = JobTypes::default();
        for _ in 0..2 {
            (0..250).for_each(|n| types.created(&format!("type-{n}")));
        }
        let all = types.all();
        assert_eq!(all.len(), MAX_TYPES + 1);
        assert!(all[..MAX_TYPES].iter().all(|of| of.created() == 2));
        let last = all[MAX_TYPES];
        assert_eq!((last.name.as_str(), last.created()), (OTHER, 300));
    }

    #[test]
    fn a_type_that_is_called_other_shares_the_label_of_the_others() {
        let types = JobTypes::default();
        types.created(OTHER);
        types.ended(OTHER, Ending::Failed, Some(3.0));
        let all = types.all();
        assert_eq!((all.len(), all[0].created()), (1, 1));
        assert_eq!(all[0].runs.count(), 1);
    }

    #[test]
    fn many_threads_count_one_type_without_a_loss() {
        let types = JobTypes::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|n| types.created(&format!("t{}", n % 7))));
            }
        });
        let all = types.all();
        assert_eq!(all.iter().map(|of| of.created()).sum::<u64>(), 4000);
        assert_eq!(all.len(), 7);
    }

    #[test]
    fn a_cancelled_job_has_no_run_time() {
        let types = JobTypes::default();
        types.ended("a", Ending::Cancelled, Some(9.0));
        types.ended("a", Ending::Completed, Some(9.0));
        let all = types.all();
        assert_eq!(all[0].runs.count(), 1);
        assert_eq!(all[0].ended(Ending::Cancelled), 1);
    }
}
