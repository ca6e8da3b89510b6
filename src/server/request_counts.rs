//! Counts of the requests of a connection, by which its time limits are decided.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// Counts of the requests of a connection.
pub struct RequestCounts {
    since: Instant,
    begun: AtomicUsize,
    under_way: AtomicUsize,
    /// Milliseconds from `since` to the end of the last response. hyper resumes reading only when
    /// something wakes it, so the end is recorded here.
    ended: AtomicU64,
    multiplexed: AtomicBool,
    /// Number of responses of which the client has not taken all.
    answers: AtomicUsize,
    /// Milliseconds from `since` to the last piece of a response that was taken.
    taken: AtomicU64,
    /// True if a request was answered before all of its body had arrived.
    unread: AtomicBool,
}

impl Default for RequestCounts {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            begun: AtomicUsize::default(),
            under_way: AtomicUsize::default(),
            ended: AtomicU64::default(),
            multiplexed: AtomicBool::default(),
            answers: AtomicUsize::default(),
            taken: AtomicU64::default(),
            unread: AtomicBool::default(),
        }
    }
}

impl RequestCounts {
    /// Counts a request, which is in progress until the returned value is dropped.
    pub fn begin(self: &Arc<Self>, multiplexed: bool) -> UnderWay {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.under_way.fetch_add(1, Ordering::Relaxed);
        if multiplexed {
            self.multiplexed.store(true, Ordering::Relaxed);
        }
        UnderWay(self.clone())
    }

    /// Records that a request body was dropped before its end.
    pub fn leave_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    /// Counts a response, which is pending until [`RequestCounts::end_answer`].
    pub fn begin_answer(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
        self.note_taken();
    }

    /// Records that the client took a piece of a response.
    pub fn note_taken(&self) {
        self.taken.store(self.millis(), Ordering::Relaxed);
    }

    pub fn end_answer(&self) {
        self.note_taken();
        self.answers.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns the number of requests that have begun.
    pub fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }

    /// Returns whether requests of the connection may be in progress at the same time.
    pub fn is_multiplexed(&self) -> bool {
        self.multiplexed.load(Ordering::Relaxed)
    }

    /// Returns whether a request body was dropped before its end.
    pub fn has_left_unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }

    /// Returns the time since which no response of a multiplexed connection has moved, though one
    /// is pending. An HTTP/2 client that opens no window is never written to, so no write is stuck.
    pub fn stalled_since(&self) -> Option<Instant> {
        let pending = self.is_multiplexed() && self.answers.load(Ordering::Relaxed) > 0;
        pending.then(|| self.since + Duration::from_millis(self.taken.load(Ordering::Relaxed)))
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Returns the time at which the last response ended.
    pub fn idle_since(&self) -> Instant {
        self.since + Duration::from_millis(self.ended.load(Ordering::Relaxed))
    }

    pub fn is_busy(&self) -> bool {
        self.under_way.load(Ordering::Acquire) > 0
    }
}

/// Request in progress, which ends when this is dropped.
pub struct UnderWay(Arc<RequestCounts>);

impl UnderWay {
    /// Whether a body of this connection was dropped before its end.
    pub fn left_unread(&self) -> bool {
        self.0.has_left_unread()
    }

    pub fn traffic(&self) -> Arc<RequestCounts> {
        self.0.clone()
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.ended.store(self.0.millis(), Ordering::Relaxed);
        self.0.under_way.fetch_sub(1, Ordering::Release);
    }
}
