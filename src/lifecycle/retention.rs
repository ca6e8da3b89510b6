//! Rules of retention: how long ended jobs are kept, by status and type, and what comes then.

use super::span;
use chrono::{DateTime, TimeDelta, Utc};
use entity::JobStatus;
use std::{collections::BTreeMap, fmt};

/// How long jobs are kept after their end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    #[default]
    Forever,
    /// The time since the end; zero keeps nothing.
    For(TimeDelta),
}

/// Number that stands for [`Keep::Forever`] in a column of seconds.
const FOREVER: i64 = -1;

impl Keep {
    /// Reads a duration such as `90m` or `30d`, `0`, or `forever`.
    ///
    /// Errors: a sentence with the remedy.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            "forever" => Ok(Self::Forever),
            "0" => Ok(Self::For(TimeDelta::zero())),
            other => span(other).map(Self::For),
        }
    }

    pub fn seconds(self) -> i64 {
        match self {
            Self::Forever => FOREVER,
            Self::For(time) => time.num_seconds(),
        }
    }

    /// Reads a number of [`Keep::seconds`]. Any other negative number keeps the jobs.
    pub fn of_seconds(seconds: i64) -> Self {
        match TimeDelta::try_seconds(seconds) {
            Some(time) if seconds >= 0 => Self::For(time),
            _ => Self::Forever,
        }
    }

    /// Returns the time before which a job must have ended to go; `None` if none goes.
    fn ended_before(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Forever => None,
            Self::For(time) => now.checked_sub_signed(time),
        }
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = match self {
            Self::Forever => return f.write_str("forever"),
            Self::For(time) => time.num_seconds(),
        };
        let units = [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];
        match units.into_iter().find(|(_, unit)| seconds % unit == 0) {
            _ if seconds == 0 => f.write_str("0"),
            Some((name, unit)) => write!(f, "{}{name}", seconds / unit),
            None => write!(f, "{seconds}s"),
        }
    }
}

/// What becomes of jobs that were kept long enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Then {
    #[default]
    Delete,
    Archive,
}

impl Then {
    pub const ALL: [Then; 2] = [Then::Delete, Then::Archive];

    pub fn name(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Archive => "archive",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|then| then.name() == name)
    }
}

/// Rule for the ended jobs of a type. The default keeps all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeepRule {
    pub completed: Keep,
    pub failed: Keep,
    pub cancelled: Keep,
    pub then: Then,
    /// Whether files in the media folder go with the jobs that are deleted.
    pub removes_media: bool,
}

/// What a queue sets of its rule; `None` is the default of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnKeepRule {
    pub completed: Option<Keep>,
    pub failed: Option<Keep>,
    pub cancelled: Option<Keep>,
    pub then: Option<Then>,
    pub keep_media: Option<bool>,
}

impl KeepRule {
    /// Returns the rule of a queue that has settings of its own.
    pub fn with(self, own: OwnKeepRule) -> Self {
        Self {
            completed: own.completed.unwrap_or(self.completed),
            failed: own.failed.unwrap_or(self.failed),
            cancelled: own.cancelled.unwrap_or(self.cancelled),
            then: own.then.unwrap_or(self.then),
            removes_media: own.keep_media.map_or(self.removes_media, |keeps| !keeps),
        }
    }

    fn keep(&self, status: JobStatus) -> Keep {
        match status {
            JobStatus::Completed => self.completed,
            JobStatus::Failed => self.failed,
            JobStatus::Cancelled => self.cancelled,
            JobStatus::Queued | JobStatus::Processing => Keep::Forever,
        }
    }

    /// Returns the time before which a job with this status must have ended to go; `None` if none
    /// goes.
    pub fn ended_before(&self, status: JobStatus, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.keep(status).ended_before(now)
    }

    /// Returns whether every job with some status goes as soon as it ends.
    pub fn keeps_nothing(&self) -> bool {
        let nothing = Keep::For(TimeDelta::zero());
        [self.completed, self.failed, self.cancelled].contains(&nothing)
    }
}

/// Rules of all types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeepRules {
    /// Rule of the types without one of their own.
    pub default: KeepRule,
    pub by_type: BTreeMap<String, KeepRule>,
}

impl KeepRules {
    /// Returns the rule of a type.
    pub fn of(&self, job_type: &str) -> &KeepRule {
        self.by_type.get(job_type).unwrap_or(&self.default)
    }

    /// Returns whether the rule of any type keeps nothing of some status.
    pub fn keep_nothing(&self) -> bool {
        self.default.keeps_nothing() || self.by_type.values().any(KeepRule::keeps_nothing)
    }

    /// Returns the rules that end in `then`; the others keep everything.
    pub fn that(&self, then: Then) -> Self {
        let of = |rule: &KeepRule| {
            if rule.then == then {
                *rule
            } else {
                KeepRule {
                    then,
                    ..KeepRule::default()
                }
            }
        };
        let by_type = self.by_type.iter();
        Self {
            default: of(&self.default),
            by_type: by_type
                .map(|(name, rule)| (name.clone(), of(rule)))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back_as_they_are_shown() {
        for text in ["0", "forever", "45s", "90m", "12h", "30d"] {
            let keep = Keep::parse(text).unwrap();
            assert_eq!(keep.to_string(), text);
            assert_eq!(Keep::of_seconds(keep.seconds()), keep);
        }
        assert_eq!(Keep::parse(" 1h30m ").unwrap().to_string(), "90m");
    }

    #[test]
    fn a_duration_in_the_past_is_refused_with_a_sentence() {
        let error = Keep::parse("-1d").unwrap_err();
        assert!(error.contains("without a minus"), "{error}");
        assert!(Keep::parse("soon").is_err());
    }

    #[test]
    fn only_ended_jobs_go_and_none_by_default() {
        let now = DateTime::UNIX_EPOCH;
        let nothing = Keep::For(TimeDelta::zero());
        let all = KeepRule {
            completed: nothing,
            failed: nothing,
            cancelled: nothing,
            ..KeepRule::default()
        };
        for status in JobStatus::all() {
            assert_eq!(KeepRule::default().ended_before(status, now), None);
            let ended = !matches!(status, JobStatus::Queued | JobStatus::Processing);
            assert_eq!(all.ended_before(status, now), ended.then_some(now));
        }
        assert!(all.keeps_nothing() && !KeepRule::default().keeps_nothing());
    }

    #[test]
    fn the_rule_of_a_queue_goes_before_the_default() {
        let days = |n| Keep::For(TimeDelta::days(n));
        let default = KeepRule {
            completed: days(30),
            failed: days(90),
            ..KeepRule::default()
        };
        let own = OwnKeepRule {
            completed: Some(Keep::Forever),
            then: Some(Then::Archive),
            ..OwnKeepRule::default()
        };
        let rule = default.with(own);
        assert_eq!((rule.completed, rule.failed), (Keep::Forever, days(90)));
        assert_eq!(rule.then, Then::Archive);
    }
}
