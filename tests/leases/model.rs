//! What the protocol says, in as few words as there can be.

use chrono::{DateTime, TimeDelta, Utc};
use entity::JobStatus::{self, Cancelled, Completed, Failed, Processing, Queued};

#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    pub token: String,
    pub worker: String,
    pub expires: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    Complete,
    Fail,
    Release,
}

#[derive(Clone, Debug)]
pub struct Job {
    pub id: String,
    pub created: DateTime<Utc>,
    pub due: DateTime<Utc>,
    pub status: JobStatus,
    pub attempt: i32,
    pub max_attempts: i32,
    pub lease: Option<Lease>,
    pub cancel: bool,
    /// It was started before.
    pub begun: bool,
    /// Its worker was heard of since the claim.
    pub heard: bool,
    /// Claims in a row whose workers were never heard of.
    pub unheard: u32,
    /// The token whose holder ended the last attempt.
    pub ended_by: Option<String>,
    /// Events of the history.
    pub version: i64,
}

pub type Code = &'static str;

impl Job {
    pub fn claim(&mut self, lease: Lease) {
        assert_eq!(self.status, Queued);
        self.attempt += 1;
        let unheard = self.unheard;
        self.enter(Processing);
        self.unheard = unheard;
        self.lease = Some(lease);
        (self.begun, self.heard) = (true, false);
    }

    pub fn beat(&mut self, token: &str, expires: DateTime<Utc>) -> Code {
        match &mut self.lease {
            Some(lease) if lease.token == token => {
                lease.expires = expires;
                self.heard = true;
                "ok"
            }
            _ => "lease_lost",
        }
    }

    pub fn end(&mut self, end: End, token: &str, now: DateTime<Utc>) -> Code {
        if self.ended_by.as_deref() == Some(token) {
            let same = (end == End::Complete) == (self.status == Completed);
            return if same { "ok" } else { "lease_lost" };
        }
        if self.lease.as_ref().is_none_or(|lease| lease.token != token) {
            return "lease_lost";
        }
        match end {
            End::Complete => self.enter(Completed),
            _ if self.cancel => self.enter(Cancelled),
            End::Release => {
                self.attempt -= 1;
                self.enter(Queued);
            }
            End::Fail if self.attempt < self.max_attempts => self.wait(now),
            End::Fail => self.enter(Failed),
        }
        self.ended_by = Some(token.to_owned());
        "ok"
    }

    pub fn cancel(&mut self) -> Code {
        match (self.status, &self.lease) {
            (Processing, Some(_)) => {
                self.version += i64::from(!self.cancel);
                self.cancel = true;
                "ok"
            }
            (Queued, _) => {
                self.enter(Cancelled);
                "ok"
            }
            _ => "job_transition_illegal",
        }
    }

    pub fn retry(&mut self, now: DateTime<Utc>) -> Code {
        let expired = self
            .lease
            .as_ref()
            .is_some_and(|lease| lease.expires <= now);
        if !(matches!(self.status, Failed | Cancelled) || (self.status == Processing && expired)) {
            return "job_transition_illegal";
        }
        self.max_attempts = self.max_attempts.max(self.attempt + 1);
        self.enter(Queued);
        self.due = self.created;
        "ok"
    }

    /// True when the job was taken from its worker.
    pub fn rescue(&mut self, now: DateTime<Utc>) -> bool {
        if self.lease.as_ref().is_none_or(|lease| lease.expires > now) {
            return false;
        }
        match self.cancel {
            true => self.enter(Cancelled),
            false if !self.heard && self.unheard < 10 => {
                let unheard = self.unheard + 1;
                self.enter(Queued);
                (self.attempt, self.unheard) = (self.attempt - 1, unheard);
                self.due = now + TimeDelta::milliseconds(2500) * 2_i32.pow(unheard - 1);
            }
            false if self.attempt < self.max_attempts => self.wait(now),
            false => self.enter(Failed),
        }
        true
    }

    fn wait(&mut self, now: DateTime<Utc>) {
        self.enter(Queued);
        // Without jitter: half of 5 s × 2^(attempt - 1).
        self.due = now + TimeDelta::milliseconds(2500) * 2_i32.pow(self.attempt.unsigned_abs() - 1);
    }

    fn enter(&mut self, status: JobStatus) {
        self.status = status;
        self.version += 1;
        self.lease = None;
        self.ended_by = None;
        self.cancel = false;
        self.unheard = 0;
    }
}
