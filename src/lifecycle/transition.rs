//! The one table of moves between statuses. Nothing else decides a status.

use chrono::TimeDelta;
use entity::JobStatus::{self, Cancelled, Completed, Failed, Processing, Queued};

/// A processing job that nobody holds a lease of, and that nobody reported on for this long, counts as stale: its
/// process is taken to be gone.
pub const STALE_AFTER: TimeDelta = TimeDelta::minutes(15);

/// What moves a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// A worker begins.
    Start,
    /// The result is there.
    Complete,
    /// An error, and no attempt left or no use in another.
    Fail,
    /// An error, and another attempt follows.
    FailAndRetry,
    /// Someone does not want it any more, and nobody holds it.
    Cancel,
    /// Someone does not want it any more, and a worker holds it: the worker is told at its next heartbeat.
    RequestCancel,
    /// Someone wants it done after all.
    Retry,
    /// As `Retry`, of a processing job whose process is gone.
    RetryStale,
    /// Someone wants it taken on from where it stood.
    Recover,
    /// Its worker lets go of it without having failed.
    Release,
    /// The lease of its worker ran out, and an attempt is left.
    Expire,
}

impl Verb {
    /// As in "a job that is queued cannot be ___".
    pub fn past(self) -> &'static str {
        match self {
            Verb::Start => "started",
            Verb::Complete => "completed",
            Verb::Fail | Verb::FailAndRetry => "failed",
            Verb::Cancel | Verb::RequestCancel => "cancelled",
            Verb::Retry | Verb::RetryStale => "retried",
            Verb::Recover => "recovered",
            Verb::Release => "released",
            Verb::Expire => "rescued",
        }
    }
}

/// The table: verb, from, to.
const MOVES: [(Verb, JobStatus, JobStatus); 13] = [
    (Verb::Start, Queued, Processing),
    (Verb::Complete, Processing, Completed),
    (Verb::Fail, Processing, Failed),
    (Verb::FailAndRetry, Processing, Queued),
    (Verb::Cancel, Queued, Cancelled),
    (Verb::Cancel, Processing, Cancelled),
    (Verb::RequestCancel, Processing, Processing),
    (Verb::Retry, Failed, Queued),
    (Verb::Retry, Cancelled, Queued),
    (Verb::RetryStale, Processing, Queued),
    (Verb::Recover, Failed, Queued),
    (Verb::Release, Processing, Queued),
    (Verb::Expire, Processing, Queued),
];

/// The table has no row for this verb in this status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A job that is {from} cannot be {}: {}.", verb.past(), hint(*from))]
pub struct Illegal {
    pub verb: Verb,
    pub from: JobStatus,
}

/// The status that follows.
pub fn transition(verb: Verb, from: JobStatus) -> Result<JobStatus, Illegal> {
    MOVES.iter().find(|(v, f, _)| *v == verb && *f == from).map(|(_, _, to)| *to).ok_or(Illegal { verb, from })
}

/// Nothing more happens to the job by itself.
pub fn is_terminal(status: JobStatus) -> bool {
    matches!(status, Completed | Failed | Cancelled)
}

/// What can be done with a job in this status instead.
fn hint(from: JobStatus) -> &'static str {
    match from {
        Queued => "it can be started or cancelled",
        Processing => {
            "it can be completed, failed or cancelled; once its lease has expired, or after 15 minutes without a \
             report, it can be retried"
        }
        Completed => "it has ended and stays as it is",
        Failed | Cancelled => "it has ended and can be retried",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sea_orm::Iterable;

    const VERBS: [Verb; 11] = [
        Verb::Start,
        Verb::Complete,
        Verb::Fail,
        Verb::FailAndRetry,
        Verb::Cancel,
        Verb::RequestCancel,
        Verb::Retry,
        Verb::RetryStale,
        Verb::Recover,
        Verb::Release,
        Verb::Expire,
    ];

    #[test]
    fn a_completed_job_is_never_moved_again() {
        for verb in VERBS {
            assert!(transition(verb, Completed).is_err(), "{verb:?}");
        }
    }

    #[test]
    fn each_pair_of_verb_and_status_has_one_row_at_most() {
        for (i, a) in MOVES.iter().enumerate() {
            assert!(!MOVES[i + 1..].iter().any(|b| (a.0, a.1) == (b.0, b.1)), "{a:?} stands twice");
        }
    }

    #[test]
    fn every_status_but_completed_can_be_left() {
        for from in JobStatus::iter().filter(|s| *s != Completed) {
            assert!(VERBS.iter().any(|v| transition(*v, from).is_ok()), "{from:?} is a trap");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_tried_only_a_start_leads_to_processing(moves in prop::collection::vec(0..VERBS.len(), 0..60)) {
            let mut status = Queued;
            for verb in moves.into_iter().map(|i| VERBS[i]) {
                if let Ok(next) = transition(verb, status) {
                    prop_assert!(next != Processing || matches!(verb, Verb::Start | Verb::RequestCancel));
                    prop_assert!(!is_terminal(status) || matches!(verb, Verb::Retry | Verb::Recover));
                    status = next;
                }
            }
        }
    }
}
