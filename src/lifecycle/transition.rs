//! Table of all status transitions. No other code decides a status.

use chrono::TimeDelta;
use entity::JobStatus::{self, Cancelled, Completed, Failed, Processing, Queued};

/// Time without a report after which a processing job without a lease is stale: the server assumes
/// that its process is gone.
pub const STALE_AFTER: TimeDelta = TimeDelta::minutes(15);

/// Operation that moves a job to a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Starts an attempt of a worker.
    Start,
    /// Completes the job with a result.
    Complete,
    /// Ends a failed attempt with no further one: none is left, or none would help.
    Fail,
    /// Ends a failed attempt that another one follows.
    FailAndRetry,
    /// Cancels a job that no worker holds, or whose worker has stopped or is gone.
    Cancel,
    /// Requests the cancel of a job that a worker holds; the worker learns of it at its next
    /// heartbeat.
    RequestCancel,
    /// Puts a failed or cancelled job back in the queue.
    Retry,
    /// Puts a processing job back in the queue whose process is gone.
    RetryStale,
    /// Puts a failed job back in the queue with its checkpoint.
    Recover,
    /// Gives a job back without a failure.
    Release,
    /// Puts a job back in the queue whose lease has expired, while attempts remain.
    Expire,
    /// Gives a queued job to workers that its creator was to run.
    HandOver,
}

impl Verb {
    /// Returns the past participle, as in "a job that is queued cannot be ___".
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
            Verb::HandOver => "given to workers",
        }
    }
}

/// Table of transitions: verb, from, to.
const MOVES: [(Verb, JobStatus, JobStatus); 14] = [
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
    (Verb::HandOver, Queued, Queued),
];

/// Error for a verb without a row in the table for this status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A job that is {from} cannot be {}: {}.", verb.past(), hint(*from))]
pub struct Illegal {
    pub verb: Verb,
    pub from: JobStatus,
}

/// Returns the status that follows the verb.
pub fn transition(verb: Verb, from: JobStatus) -> Result<JobStatus, Illegal> {
    MOVES
        .iter()
        .find(|(v, f, _)| *v == verb && *f == from)
        .map(|(_, _, to)| *to)
        .ok_or(Illegal { verb, from })
}

/// Table of the steps back that an undo makes: from the status after a change to the one before it.
const STEPS_BACK: [(JobStatus, JobStatus); 5] = [
    (Cancelled, Queued),
    (Cancelled, Processing),
    (Queued, Failed),
    (Queued, Cancelled),
    (Queued, Processing),
];

/// Returns whether the undo of a change may lead from one status back to the other.
pub fn may_step_back(from: JobStatus, to: JobStatus) -> bool {
    from == to || STEPS_BACK.contains(&(from, to))
}

/// Returns whether the status is terminal: nothing more happens to the job by itself.
pub fn is_terminal(status: JobStatus) -> bool {
    matches!(status, Completed | Failed | Cancelled)
}

/// Describes the possible operations on a job in this status.
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

    const VERBS: [Verb; 12] = [
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
        Verb::HandOver,
    ];

    #[test]
    fn a_completed_job_is_never_moved_again() {
        for verb in VERBS {
            assert!(transition(verb, Completed).is_err(), "{verb:?}");
        }
    }

    #[test]
    fn each_step_back_takes_back_a_move_of_a_client_and_none_leaves_completed() {
        let client = [Verb::Cancel, Verb::Retry, Verb::RetryStale];
        for (from, to) in STEPS_BACK {
            let moves = |verb: &Verb| transition(*verb, to) == Ok(from);
            assert!(client.iter().any(moves), "{from} to {to}");
        }
        assert!(JobStatus::iter().all(|to| to == Completed || !may_step_back(Completed, to)));
    }

    #[test]
    fn each_pair_of_verb_and_status_has_one_row_at_most() {
        for (i, a) in MOVES.iter().enumerate() {
            assert!(
                !MOVES[i + 1..].iter().any(|b| (a.0, a.1) == (b.0, b.1)),
                "{a:?} stands twice"
            );
        }
    }

    #[test]
    fn every_status_but_completed_can_be_left() {
        for from in JobStatus::iter().filter(|s| *s != Completed) {
            assert!(
                VERBS.iter().any(|v| transition(*v, from).is_ok()),
                "{from:?} is a trap"
            );
        }
    }

    proptest! {
        #[test]
        fn whatever_is_tried_only_a_start_leads_to_processing(
            moves in prop::collection::vec(0..VERBS.len(), 0..60),
        ) {
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
