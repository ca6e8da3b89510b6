//! Filter of lists, counts and actions.

use super::Binding;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use entity::JobStatus;

/// Conditions on the jobs of a list. A job must match all given fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    pub status: Option<JobStatus>,
    pub job_type: Option<String>,
    /// Types, one of which the job must have; empty for any. Set by the binding of a key.
    pub job_types: Vec<String>,
    pub mode: Option<String>,
    pub series_id: Option<String>,
    pub episode_id: Option<String>,
    /// Key that created the job.
    pub created_by: Option<String>,
    /// Labels, each of which the job must have.
    pub labels: Vec<(String, String)>,
    /// Earliest creation time, inclusive.
    pub created_after: Option<DateTime<Utc>>,
    /// Latest creation time, exclusive.
    pub created_before: Option<DateTime<Utc>>,
    /// Earliest time of the end, inclusive.
    pub ended_after: Option<DateTime<Utc>>,
    /// Latest time of the end, exclusive.
    pub ended_before: Option<DateTime<Utc>>,
    /// Signature of the error: its first line, with `#` for numbers and ids.
    pub error: Option<String>,
    /// Worker that holds the job, or ended it.
    pub worker_id: Option<String>,
    /// Text that the title or the content must contain.
    pub q: Option<String>,
}

impl Filter {
    /// Adds the conditions of a binding.
    pub fn within(mut self, binding: &Binding) -> Self {
        match (&self.job_type, binding.job_types.as_slice()) {
            (_, []) => {}
            (Some(given), _) if binding.holds_type(given) => {}
            (None, [one]) => self.job_type = Some(one.clone()),
            (_, several) => self.job_types = several.to_vec(),
        }
        for label in &binding.labels {
            if !self.labels.contains(label) {
                self.labels.push(label.clone());
            }
        }
        self
    }

    /// Returns whether no job can match: its type is none of those that it may have.
    pub fn is_contradictory(&self) -> bool {
        let given = self.job_type.as_ref();
        !self.job_types.is_empty() && given.is_some_and(|given| !self.job_types.contains(given))
    }

    /// Returns whether stored counts cover the filter: it names nothing but status and type.
    pub fn is_kept_count(&self) -> bool {
        let Self {
            status: _,
            job_type: _,
            job_types: _,
            mode,
            series_id,
            episode_id,
            created_by,
            labels,
            created_after,
            created_before,
            ended_after,
            ended_before,
            error,
            worker_id,
            q,
        } = self;
        mode.is_none()
            && series_id.is_none()
            && episode_id.is_none()
            && created_by.is_none()
            && labels.is_empty()
            && created_after.is_none()
            && created_before.is_none()
            && ended_after.is_none()
            && ended_before.is_none()
            && error.is_none()
            && worker_id.is_none()
            && q.is_none()
    }

    /// Returns whether the filter compares long texts, which no index covers.
    pub fn searches_text(&self) -> bool {
        self.q.is_some() || self.error.is_some()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(job_type: Option<&str>) -> Filter {
        Filter {
            job_type: job_type.map(Into::into),
            ..Filter::default()
        }
    }

    #[test]
    fn a_binding_narrows_a_filter_and_never_widens_it() {
        let bound = |types: &[&str]| {
            Binding::new(
                types.iter().map(|one| (*one).to_owned()),
                Default::default(),
            )
        };
        assert_eq!(of(None).within(&Binding::default()), of(None));
        assert_eq!(of(None).within(&bound(&["a"])), of(Some("a")));
        assert_eq!(of(Some("a")).within(&bound(&["a", "b"])), of(Some("a")));
        let outside = of(Some("c")).within(&bound(&["a"]));
        assert!(outside.is_contradictory());
        let either = of(None).within(&bound(&["a", "b"]));
        assert_eq!(either.job_types, ["a", "b"]);
        assert!(!either.is_contradictory());
        let red = Binding::new([], [("team".to_owned(), "red".to_owned())].into());
        let twice = of(None).within(&red).within(&red);
        assert_eq!(twice.labels, red.labels);
    }
}
