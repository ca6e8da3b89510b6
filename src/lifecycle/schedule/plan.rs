//! What a server does with a time of a schedule, and with times that passed while no server ran.

use super::Rule;
use chrono::{DateTime, TimeDelta, Utc};
use entity::schedule::Missed;
use sha2::{Digest, Sha256};
use std::collections::VecDeque;

/// Maximum number of passed times that get a job with `missed: all`.
pub const MAX_MISSED_RUNS: usize = 100;

/// Passed times that are looked at one by one; beyond that, the distance to the newest is jumped
/// over, and its times are not counted.
const MAX_COUNTED: usize = 10_000;

/// What a schedule says about times that passed.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    pub missed: Missed,
    /// How late the newest time may be to get a job with `missed: skip`.
    pub window: TimeDelta,
    /// Maximum delay of a time.
    pub jitter: TimeDelta,
}

/// What to do with the times of a schedule that have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Time that gets a job; `None` if all are skipped.
    pub run: Option<DateTime<Utc>>,
    /// Last time that is decided by this plan.
    pub last: DateTime<Utc>,
    /// Times that get no job.
    pub skipped: i64,
    /// Time after those; it may have come already.
    pub next: Option<DateTime<Utc>>,
}

impl Plan {
    /// Decides on the times from `next_at` on that have come by `now`; `next_at` has.
    pub fn of(
        id: &str,
        rule: &Rule,
        policy: Policy,
        next_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Self {
        let mut come = Come::up_to(id, rule, policy.jitter, next_at, now);
        let newest = come.newest.back().copied().unwrap_or(next_at);
        let late = now - newest > policy.window;
        if policy.missed == Missed::All {
            let run = come.newest.pop_front().unwrap_or(next_at);
            return Self {
                run: Some(run),
                last: run,
                skipped: come.older,
                next: come.newest.front().copied().or(come.next),
            };
        }
        let run = (policy.missed == Missed::Last || !late).then_some(newest);
        let all = come.older.saturating_add(come.newest.len() as i64);
        Self {
            run,
            last: newest,
            skipped: all - i64::from(run.is_some()),
            next: come.next,
        }
    }
}

/// Times that have come.
struct Come {
    /// The newest, at most [`MAX_MISSED_RUNS`], in order.
    newest: VecDeque<DateTime<Utc>>,
    /// Number of those before, at most about [`MAX_COUNTED`].
    older: i64,
    /// First time that has not come.
    next: Option<DateTime<Utc>>,
}

impl Come {
    fn up_to(
        id: &str,
        rule: &Rule,
        most: TimeDelta,
        next_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Self {
        let has_come = |time: &DateTime<Utc>| *time + jitter(id, *time, most) <= now;
        let mut come = Self {
            newest: VecDeque::from([next_at]),
            older: 0,
            next: None,
        };
        let (mut last, mut counted) = (next_at, 1);
        loop {
            if counted == MAX_COUNTED {
                last = jump(rule, next_at, last, now - most).unwrap_or(last);
            }
            let next = rule.after(last);
            let Some(time) = next.filter(has_come) else {
                come.next = next;
                return come;
            };
            if come.newest.len() == MAX_MISSED_RUNS {
                come.newest.pop_front();
                come.older = come.older.saturating_add(1);
            }
            come.newest.push_back(time);
            (last, counted) = (time, counted + 1);
        }
    }
}

/// Returns a moment after `last`, shortly before `now`, after which some times come before `now`;
/// `None` if that would not shorten the way.
fn jump(
    rule: &Rule,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let mut back = (last - first) / 10;
    loop {
        let from = now.checked_sub_signed(back)?;
        if from <= last {
            return None;
        }
        if rule.after(from).is_some_and(|time| time <= now) {
            return Some(from);
        }
        back = back.checked_mul(4)?;
    }
}

/// Returns the delay of a time of a schedule: the same on every server, from 0 to below `most`.
pub fn jitter(id: &str, time: DateTime<Utc>, most: TimeDelta) -> TimeDelta {
    let most = most.num_milliseconds();
    if most <= 0 {
        return TimeDelta::zero();
    }
    let digest = Sha256::digest(format!("{id}\n{}", time.timestamp()));
    let number = digest
        .iter()
        .take(7)
        .fold(0_i64, |n, byte| (n << 8) | i64::from(*byte));
    TimeDelta::milliseconds(number % most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::Timing;
    use proptest::prelude::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn every(seconds: i64) -> Rule {
        Rule {
            timing: Timing::Every {
                every: TimeDelta::seconds(seconds),
                anchor: at(0),
                at_anchor: true,
            },
            starts_at: None,
            ends_at: None,
        }
    }

    fn policy(missed: Missed) -> Policy {
        Policy {
            missed,
            window: TimeDelta::seconds(3600),
            jitter: TimeDelta::zero(),
        }
    }

    #[test]
    fn a_time_on_time_gets_a_job_under_every_policy() {
        for missed in [Missed::Last, Missed::Skip, Missed::All] {
            let plan = Plan::of("s", &every(60), policy(missed), at(60), at(61));
            assert_eq!((plan.run, plan.skipped), (Some(at(60)), 0), "{missed:?}");
            assert_eq!(plan.next, Some(at(120)));
        }
    }

    #[test]
    fn of_missed_times_the_newest_none_or_all_get_jobs() {
        let (rule, now) = (every(600), at(6_000 + 599));
        let last = Plan::of("s", &rule, policy(Missed::Last), at(600), now);
        assert_eq!(
            (last.run, last.skipped, last.next),
            (Some(at(6_000)), 9, Some(at(6_600)))
        );
        let rare = Plan::of("s", &every(86_400), policy(Missed::Skip), at(0), at(3_601));
        assert_eq!(
            (rare.run, rare.skipped, rare.next),
            (None, 1, Some(at(86_400)))
        );
        let in_time = Plan::of("s", &every(86_400), policy(Missed::Skip), at(0), at(3_600));
        assert_eq!((in_time.run, in_time.skipped), (Some(at(0)), 0));
        let all = Plan::of("s", &rule, policy(Missed::All), at(600), now);
        assert_eq!(
            (all.run, all.skipped, all.next),
            (Some(at(600)), 0, Some(at(1_200)))
        );
    }

    #[test]
    fn at_most_a_hundred_missed_times_get_jobs_and_the_rest_is_counted() {
        let (rule, now) = (every(1), at(500));
        let (mut next, mut jobs, mut skipped) = (Some(at(1)), 0, 0);
        while let Some(time) = next.filter(|time| *time <= now) {
            let plan = Plan::of("s", &rule, policy(Missed::All), time, now);
            jobs += i64::from(plan.run.is_some());
            skipped += plan.skipped;
            next = plan.next;
        }
        assert_eq!((jobs, skipped, next), (100, 400, Some(at(501))));
    }

    #[test]
    fn years_of_missed_seconds_are_passed_over_at_once() {
        let year = 365 * 86_400;
        let plan = Plan::of("s", &every(1), policy(Missed::Last), at(0), at(year));
        assert_eq!((plan.run, plan.next), (Some(at(year)), Some(at(year + 1))));
        assert!(plan.skipped >= MAX_COUNTED as i64);
    }

    proptest! {
        #[test]
        fn a_plan_decides_all_times_up_to_its_last_and_none_behind(
            period in 1_i64..5_000,
            passed in 0_i64..400_000,
            jitter_seconds in 0_i64..1_000,
            missed in 0_usize..3,
        ) {
            let missed = [Missed::Last, Missed::Skip, Missed::All][missed];
            let policy = Policy { jitter: TimeDelta::seconds(jitter_seconds), ..policy(missed) };
            let (rule, first) = (every(period), at(0));
            let now = at(passed) + policy.jitter;
            let plan = Plan::of("s", &rule, policy, first, now);
            prop_assert!(plan.last >= first && plan.last <= now);
            prop_assert_eq!(plan.next, rule.after(plan.last));
            prop_assert!(plan.run.is_none_or(|run| run == plan.last));
            let decided = (plan.last - first).num_seconds() / period + 1;
            let counted = plan.skipped + i64::from(plan.run.is_some());
            prop_assert!(counted == decided || counted >= MAX_COUNTED as i64);
        }

        #[test]
        fn a_delay_is_below_its_bound_and_always_the_same(
            id in "[a-z]{1,8}", time in 0_i64..4_000_000_000, most in 1_i64..100_000,
        ) {
            let time = DateTime::from_timestamp(time, 0).unwrap();
            let delay = jitter(&id, time, TimeDelta::seconds(most));
            prop_assert!(delay >= TimeDelta::zero() && delay < TimeDelta::seconds(most));
            prop_assert_eq!(delay, jitter(&id, time, TimeDelta::seconds(most)));
        }
    }
}
