//! Limits of a caller: requests a minute, and streams and waiting calls at once. They are counted
//! in the memory of each server.

use crate::{
    clock::Clock,
    error::{Error, Result},
};
use governor::{Quota, RateLimiter, clock, middleware::StateInformationMiddleware, state};
use std::{fmt, num::NonZeroU32, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Maximum number of streams that a key has open at once.
pub const MAX_STREAMS: usize = 1000;

/// Maximum number of calls with a key that wait at once, for a job to claim or a change.
pub const MAX_WAITS: usize = 64;

/// Clock of the server, for the limiter.
#[derive(Clone)]
struct Monotonic(Arc<dyn Clock>);

impl clock::Clock for Monotonic {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

type Limiter =
    RateLimiter<state::NotKeyed, state::InMemoryState, Monotonic, StateInformationMiddleware>;

/// A number of events a minute, which come back evenly; all of them may come at once (GCRA).
pub struct PerMinute {
    limiter: Limiter,
    most: NonZeroU32,
    clock: Monotonic,
}

/// What is left of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    pub per_minute: u32,
    pub remaining: u32,
    /// Seconds until all of the limit is there again.
    pub full_in: u64,
}

impl PerMinute {
    pub fn new(most: NonZeroU32, clock: Arc<dyn Clock>) -> Self {
        let clock = Monotonic(clock);
        let limiter = RateLimiter::direct_with_clock(Quota::per_minute(most), clock.clone());
        Self {
            limiter: limiter.with_middleware(),
            most,
            clock,
        }
    }

    /// Counts an event. Returns what is left, or the time after which the next one is in the limit.
    pub fn count(&self) -> Result<Left, Duration> {
        use governor::clock::Clock as _;
        match self.limiter.check() {
            Ok(state) => Ok(Left::of(self.most.get(), state.remaining_burst_capacity())),
            Err(early) => Err(early.wait_time_from(self.clock.now())),
        }
    }
}

impl Left {
    /// Returns what is left of a limit of which `remaining` events remain.
    pub fn of(per_minute: u32, remaining: u32) -> Self {
        let used = u64::from(per_minute.saturating_sub(remaining));
        Self {
            per_minute,
            remaining,
            full_in: (used * 60).div_ceil(u64::from(per_minute.max(1))),
        }
    }
}

/// Limits of one key; by default, of a caller without limits.
#[derive(Clone, Default)]
pub struct KeyLimits(Option<Arc<Limits>>);

struct Limits {
    requests: Option<PerMinute>,
    streams: Arc<Semaphore>,
    waits: Arc<Semaphore>,
}

/// Place of a stream or a waiting call; it is free again when this is dropped.
pub type Place = Option<OwnedSemaphorePermit>;

impl KeyLimits {
    pub fn new(requests_per_minute: Option<i32>, clock: &Arc<dyn Clock>) -> Self {
        let most = requests_per_minute.and_then(|most| u32::try_from(most).ok());
        let most = most.and_then(NonZeroU32::new);
        Self(Some(Arc::new(Limits {
            requests: most.map(|most| PerMinute::new(most, clock.clone())),
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
            waits: Arc::new(Semaphore::new(MAX_WAITS)),
        })))
    }

    /// Returns whether these limits were made for this number of requests a minute.
    pub fn is_of(&self, requests_per_minute: Option<i32>) -> bool {
        let most = self.0.as_ref().and_then(|limits| limits.requests.as_ref());
        most.map(|most| i64::from(most.most.get())) == requests_per_minute.map(Into::into)
    }

    /// Counts a request. Returns what is left; `None` without a limit.
    ///
    /// Errors: `rate_limited`.
    pub fn count_request(&self) -> Result<Option<Left>> {
        let requests = self.0.as_ref().and_then(|limits| limits.requests.as_ref());
        let Some(requests) = requests else {
            return Ok(None);
        };
        let per_minute = requests.most.get();
        let counted = requests.count().map(Some);
        counted.map_err(|wait| Error::RateLimited { per_minute, wait })
    }

    /// Takes the place of a stream.
    ///
    /// Errors: `too_many_waits`.
    pub fn stream(&self) -> Result<Place> {
        self.place(|limits| &limits.streams, MAX_STREAMS, "streams")
    }

    /// Takes the place of a call that waits.
    ///
    /// Errors: `too_many_waits`.
    pub fn wait(&self) -> Result<Place> {
        self.place(|limits| &limits.waits, MAX_WAITS, "waiting calls")
    }

    fn place(
        &self,
        of: impl Fn(&Limits) -> &Arc<Semaphore>,
        most: usize,
        what: &'static str,
    ) -> Result<Place> {
        let Some(limits) = &self.0 else {
            return Ok(None);
        };
        let place = of(limits).clone().try_acquire_owned();
        place
            .map(Some)
            .map_err(|_| Error::TooManyWaits { most, what })
    }
}

impl fmt::Debug for KeyLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyLimits")
    }
}

/// Limits say nothing about who calls.
impl PartialEq for KeyLimits {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for KeyLimits {}
