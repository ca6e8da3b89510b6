//! Duration of a job's stay in a status.

use chrono::{DateTime, Utc};
use entity::JobStatus;

/// Returns the seconds that a job spent in the status that it leaves at `now`; `None` if the start
/// is unknown. A queued job starts to wait when it is due at `run_at`.
pub fn seconds_in_status(
    status: JobStatus,
    since: Option<DateTime<Utc>>,
    run_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<f64> {
    let since = match (status, run_at) {
        (JobStatus::Queued, Some(run_at)) => since?.max(run_at),
        _ => since?,
    };
    // A job may be started before it is due, and the clocks of two servers may differ.
    Some(((now - since).as_seconds_f64()).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn a_scheduled_job_begins_to_wait_when_it_is_due() {
        let since = DateTime::from_timestamp_secs(1_767_225_600).unwrap();
        let at = |seconds| since + TimeDelta::seconds(seconds);
        let spent = |status, run_at, now| seconds_in_status(status, Some(since), run_at, now);
        assert_eq!(spent(JobStatus::Queued, None, at(30)), Some(30.0));
        assert_eq!(spent(JobStatus::Queued, Some(at(20)), at(30)), Some(10.0));
        assert_eq!(spent(JobStatus::Queued, Some(at(20)), at(10)), Some(0.0));
        assert_eq!(
            spent(JobStatus::Processing, Some(at(20)), at(30)),
            Some(30.0)
        );
        assert_eq!(
            seconds_in_status(JobStatus::Queued, None, None, since),
            None
        );
    }
}
