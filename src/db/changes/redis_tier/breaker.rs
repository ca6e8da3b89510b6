//! Circuit breaker of a server that may be away. A pure rule: the time is an argument.

use std::time::{Duration, Instant};

/// Number of calls in a row that fail before no more are made.
pub const MAX_FAILURES: u32 = 5;

/// Delay between two probes of a server that is away.
pub const PROBE_DELAY: Duration = Duration::from_secs(1);

/// Decides whether to call a server, by the outcomes of the calls so far.
#[derive(Clone, Debug)]
pub struct Breaker {
    state: State,
    /// Time of the last change between up and away.
    since: Instant,
    /// Error of the last failure while away; `None` if there was none yet, or while up.
    error: Option<String>,
    /// Whether any probe had an outcome so far.
    is_known: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Up, with the number of failures since the last success.
    Closed(u32),
    /// Away until a probe succeeds; the next one is due then.
    Open(Instant),
    /// Away, and a probe is under way.
    HalfOpen,
}

/// Change between up and away, which is worth a line in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Away,
    Up,
}

impl Breaker {
    /// Creates a breaker that is away until its first probe, which is due at once.
    pub fn new(now: Instant) -> Self {
        Self {
            state: State::Open(now),
            since: now,
            error: None,
            is_known: false,
        }
    }

    /// Returns whether calls are made.
    pub fn is_up(&self) -> bool {
        matches!(self.state, State::Closed(_))
    }

    /// Time of the last change between up and away.
    pub fn since(&self) -> Instant {
        self.since
    }

    /// Error of the last failure; `None` while up.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Time until the next probe is due; `None` while up and while a probe is under way.
    pub fn probe_in(&self, now: Instant) -> Option<Duration> {
        match self.state {
            State::Open(due) => Some(due.saturating_duration_since(now)),
            State::Closed(_) | State::HalfOpen => None,
        }
    }

    /// Begins a probe if one is due, and returns whether it did.
    pub fn begin_probe(&mut self, now: Instant) -> bool {
        let is_due = self.probe_in(now).is_some_and(|delay| delay.is_zero());
        if is_due {
            self.state = State::HalfOpen;
        }
        is_due
    }

    /// Takes the outcome of a call. One that was begun before the server went away does not count.
    pub fn called(&mut self, now: Instant, outcome: Result<(), &str>) -> Option<Change> {
        let State::Closed(failures) = self.state else {
            return None;
        };
        let Err(error) = outcome else {
            self.state = State::Closed(0);
            return None;
        };
        let failures = failures.saturating_add(1);
        if failures < MAX_FAILURES {
            self.state = State::Closed(failures);
            return None;
        }
        self.error = Some(error.to_owned());
        self.state = State::Open(now + PROBE_DELAY);
        self.since = now;
        Some(Change::Away)
    }

    /// Takes the outcome of a probe.
    pub fn probed(&mut self, now: Instant, outcome: Result<(), &str>) -> Option<Change> {
        if self.state != State::HalfOpen {
            return None;
        }
        let was_known = std::mem::replace(&mut self.is_known, true);
        match outcome {
            Ok(()) => {
                self.state = State::Closed(0);
                self.since = now;
                self.error = None;
                Some(Change::Up)
            }
            Err(error) => {
                self.state = State::Open(now + PROBE_DELAY);
                self.error = Some(error.to_owned());
                (!was_known).then_some(Change::Away)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn up(now: Instant) -> Breaker {
        let mut breaker = Breaker::new(now);
        assert!(breaker.begin_probe(now));
        assert_eq!(breaker.probed(now, Ok(())), Some(Change::Up));
        breaker
    }

    #[test]
    fn the_fifth_failure_in_a_row_opens_it_and_a_success_between_counts_anew() {
        let now = Instant::now();
        let mut breaker = up(now);
        for _ in 0..3 {
            for _ in 1..MAX_FAILURES {
                assert_eq!(breaker.called(now, Err("cut")), None);
            }
            assert_eq!(breaker.called(now, Ok(())), None);
        }
        for _ in 1..MAX_FAILURES {
            assert_eq!(breaker.called(now, Err("cut")), None);
            assert!(breaker.is_up());
        }
        assert_eq!(breaker.called(now, Err("late")), Some(Change::Away));
        assert_eq!((breaker.is_up(), breaker.error()), (false, Some("late")));
    }

    #[test]
    fn it_probes_each_second_until_a_probe_succeeds() {
        let began = Instant::now();
        let mut breaker = up(began);
        for _ in 0..MAX_FAILURES {
            breaker.called(began, Err("cut"));
        }
        let mut now = began;
        for _ in 0..3 {
            assert!(!breaker.begin_probe(now), "not before a second is over");
            assert_eq!(breaker.probe_in(now), Some(PROBE_DELAY));
            now += PROBE_DELAY;
            assert!(breaker.begin_probe(now));
            assert!(!breaker.begin_probe(now), "one at a time");
            assert_eq!(breaker.probed(now, Err("refused")), None, "no second line");
            assert_eq!((breaker.error(), breaker.since()), (Some("refused"), began));
        }
        now += PROBE_DELAY;
        assert!(breaker.begin_probe(now));
        assert_eq!(breaker.probed(now, Ok(())), Some(Change::Up));
        assert_eq!((breaker.error(), breaker.since()), (None, now));
    }

    #[test]
    fn a_server_that_is_away_from_the_beginning_is_a_change_once() {
        let now = Instant::now();
        let mut breaker = Breaker::new(now);
        assert!(breaker.begin_probe(now));
        assert_eq!(breaker.probed(now, Err("refused")), Some(Change::Away));
        assert!(breaker.begin_probe(now + PROBE_DELAY));
        assert_eq!(breaker.probed(now + PROBE_DELAY, Err("refused")), None);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Wait(u64),
        Call(bool),
        Begin,
        Probe(bool),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0u64..1500).prop_map(Step::Wait),
            any::<bool>().prop_map(Step::Call),
            Just(Step::Begin),
            any::<bool>().prop_map(Step::Probe),
        ];
        prop::collection::vec(step, 0..200)
    }

    proptest! {
        #[test]
        fn changes_alternate_and_each_second_has_one_probe_at_most(steps in steps()) {
            let mut now = Instant::now();
            let mut breaker = Breaker::new(now);
            let (mut changes, mut last_probe) = (Vec::new(), None::<Instant>);
            for step in steps {
                let was_up = breaker.is_up();
                let change = match step {
                    Step::Wait(ms) => {
                        now += Duration::from_millis(ms);
                        None
                    }
                    Step::Call(ok) => breaker.called(now, if ok { Ok(()) } else { Err("cut") }),
                    Step::Begin => {
                        if breaker.begin_probe(now) {
                            prop_assert!(!was_up);
                            last_probe = Some(now);
                        }
                        None
                    }
                    Step::Probe(ok) => breaker.probed(now, if ok { Ok(()) } else { Err("cut") }),
                };
                if let Some(delay) = breaker.probe_in(now).filter(|_| last_probe == Some(now)) {
                    prop_assert_eq!(delay, PROBE_DELAY);
                }
                prop_assert_eq!(change == Some(Change::Up), !was_up && breaker.is_up());
                prop_assert_eq!(breaker.error().is_some() && breaker.is_up(), false);
                changes.extend(change);
            }
            prop_assert!(changes.windows(2).all(|two| two[0] != two[1]), "{:?}", changes);
        }
    }
}
