//! Filter of lists, counts and actions.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use entity::JobStatus;

/// Conditions on the jobs of a list. A job must match all given fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    pub status: Option<JobStatus>,
    pub job_type: Option<String>,
    pub mode: Option<String>,
    pub series_id: Option<String>,
    pub episode_id: Option<String>,
    /// Labels, each of which the job must have.
    pub labels: Vec<(String, String)>,
    /// Earliest creation time, inclusive.
    pub created_after: Option<DateTime<Utc>>,
    /// Latest creation time, exclusive.
    pub created_before: Option<DateTime<Utc>>,
    /// Text that the title or the content must contain.
    pub q: Option<String>,
}

impl Filter {
    /// Returns whether stored counts cover the filter: it names nothing but status and type.
    pub fn is_kept_count(&self) -> bool {
        let Self {
            status: _,
            job_type: _,
            mode,
            series_id,
            episode_id,
            labels,
            created_after,
            created_before,
            q,
        } = self;
        mode.is_none()
            && series_id.is_none()
            && episode_id.is_none()
            && labels.is_empty()
            && created_after.is_none()
            && created_before.is_none()
            && q.is_none()
    }
}

/// Rounds up to a whole microsecond. Stored times are whole microseconds, so the same rows lie
/// before the result.
pub fn whole_micros(time: DateTime<Utc>) -> DateTime<Utc> {
    let cut = time.trunc_subsecs(6);
    if cut < time {
        cut + TimeDelta::microseconds(1)
    } else {
        cut
    }
}
