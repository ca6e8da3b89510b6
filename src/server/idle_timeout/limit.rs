//! Time limits of a connection: that of a header from its first byte, that of an idle connection
//! from its last response, and that of responses that the client does not take.

use super::Watched;
use std::{future::Future, task::Context};
use tokio::time::Instant;

/// Time at which the connection ends if nothing changes before.
#[derive(Clone, Copy)]
pub enum Limit {
    Header(Instant),
    Idle(Instant),
    /// Of a multiplexed connection whose client takes nothing of the responses that it asked for.
    Stalled(Instant),
}

impl<I> Watched<I> {
    /// Returns whether the client has been silent for too long. Called when there is nothing to
    /// read.
    pub(super) fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        let now = Instant::now();
        let limit = self.limit(now);
        let until = match limit {
            Some(Limit::Header(until) | Limit::Idle(until) | Limit::Stalled(until)) => until,
            // Checks again later: the end of a response does not make hyper read the connection.
            None => now + self.idle,
        };
        if self.timer.deadline() > until {
            self.timer.as_mut().reset(until);
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            if limit.is_some() && until <= Instant::now() {
                return true;
            }
            self.timer.as_mut().reset(until);
        }
        false
    }

    /// Returns whether the bytes that arrived belong to a header whose time limit has passed.
    pub(super) fn is_late(&self) -> bool {
        let Some(Limit::Header(until)) = self.limit else {
            return false;
        };
        let same = self.traffic.begun() == self.seen && !self.traffic.is_busy();
        same && self.header_begun && until <= Instant::now()
    }

    /// Updates and returns the limit: that of a header from its first byte, that of an idle
    /// connection from its last response.
    pub(super) fn limit(&mut self, now: Instant) -> Option<Limit> {
        let begun = self.traffic.begun();
        if self.traffic.is_busy() || self.stuck.is_some() || begun != self.seen {
            self.limit = None;
            self.header_begun = false;
        }
        if self.traffic.is_busy() || self.stuck.is_some() {
            let stalled = self.traffic.stalled_since();
            return stalled.map(|since| Limit::Stalled(since + self.write_timeout));
        }
        self.seen = begun;
        // HTTP/2 sends frames between requests too, which begin no header.
        let header_begun = self.header_begun && !self.traffic.is_multiplexed();
        self.limit = match self.limit {
            Some(Limit::Header(until)) => Some(Limit::Header(until)),
            _ if header_begun => Some(Limit::Header(now + self.header)),
            None => Some(Limit::Idle(
                self.traffic.idle_since().max(self.taken) + self.idle,
            )),
            idle => idle,
        };
        self.limit
    }
}
