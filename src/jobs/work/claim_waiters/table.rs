//! Table of the waiting claims: which of them to wake for a job, and which types to ask for.

use chrono::{DateTime, Utc};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    hash::{BuildHasher, RandomState},
    sync::Arc,
};
use tokio::sync::Notify;

/// Number of job types after which one statement of the shared query is full.
pub const TYPES_PER_STATEMENT: usize = 1_000;
/// Maximum number of claims whose types one statement of the shared query collects.
const CLAIMS_PER_STATEMENT: usize = 200;

/// Waiting claims. Each type is stored as a hash that other processes and clients cannot predict.
#[derive(Default)]
pub struct WaiterTable {
    next: u64,
    /// Waiting claims in the order of arrival.
    pub waiters: BTreeMap<u64, Waiter>,
    /// Types of idle claims with the claims' numbers: finds the claim to wake, no matter how many
    /// wait.
    pub idle: BTreeSet<(u64, u64)>,
    /// Types of claims that query and need not query again yet, with the claims' numbers.
    pub looking: BTreeSet<(u64, u64)>,
    /// Number of types of all waiting claims together.
    pub types: usize,
    /// Labels that waiting claims are bound to, as hashes, with the number of their claims. A job
    /// may be for a claim of each: a notification does not say which labels the job has.
    scopes: BTreeMap<u64, usize>,
    hasher: RandomState,
    /// True while the task with the shared query runs.
    pub watched: bool,
    /// Due time of a job that a claim found too early.
    pub expected: Option<DateTime<Utc>>,
    pub closed: bool,
}

pub struct Waiter {
    /// Hash of the labels that the claim is bound to.
    scope: u64,
    types: Arc<[String]>,
    /// Hash of each type.
    keys: Box<[u64]>,
    pub state: State,
    pub wake: Arc<Notify>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum State {
    Idle,
    /// Woken for a job, and has not queried yet.
    Woken,
    /// Querying. If a job arrives meanwhile and no idle waiter can take it, this one queries again.
    Looking {
        again: bool,
    },
}

impl WaiterTable {
    /// Returns the hashes of these types, for claims of one scope.
    fn keys(&self, scope: u64, types: &[String]) -> Box<[u64]> {
        types
            .iter()
            .map(|kind| self.hasher.hash_one((scope, kind.as_str())))
            .collect()
    }

    /// Returns the scope of claims that are bound to these labels.
    fn scope(&self, labels: &[(String, String)]) -> u64 {
        self.hasher.hash_one(labels)
    }

    /// Wakes a claim of each scope that waits for one of these types.
    pub fn wake_types(&mut self, types: &[String]) {
        let scopes: Vec<u64> = self.scopes.keys().copied().collect();
        for scope in scopes {
            let keys = self.keys(scope, types);
            self.wake(&keys);
        }
    }

    /// Adds a claim that queries, and returns its number.
    pub fn enter(
        &mut self,
        types: Arc<[String]>,
        labels: &[(String, String)],
        wake: Arc<Notify>,
    ) -> u64 {
        self.next += 1;
        let scope = self.scope(labels);
        let keys = self.keys(scope, &types);
        *self.scopes.entry(scope).or_default() += 1;
        self.types += types.len();
        self.waiters.insert(
            self.next,
            Waiter {
                scope,
                types,
                keys,
                state: State::Woken,
                wake,
            },
        );
        self.set(self.next, State::Looking { again: false });
        self.next
    }

    /// Removes a claim. Returns its types if it was woken or had to query again: then another claim
    /// must be woken.
    pub fn leave(&mut self, number: u64) -> Option<Box<[u64]>> {
        let before = self.set(number, State::Woken);
        let left = self.waiters.remove(&number)?;
        self.types -= left.types.len();
        if let Some(claims) = self.scopes.get_mut(&left.scope) {
            *claims -= 1;
            if *claims == 0 {
                self.scopes.remove(&left.scope);
            }
        }
        matches!(before, Some(State::Woken | State::Looking { again: true })).then_some(left.keys)
    }

    /// Sets the state of a claim, and returns the previous one.
    pub fn set(&mut self, number: u64, state: State) -> Option<State> {
        let waiter = self.waiters.get_mut(&number)?;
        let before = std::mem::replace(&mut waiter.state, state);
        if before != state {
            for key in &waiter.keys {
                match before {
                    State::Idle => _ = self.idle.remove(&(*key, number)),
                    State::Looking { again: false } => _ = self.looking.remove(&(*key, number)),
                    State::Woken | State::Looking { again: true } => {}
                }
                match state {
                    State::Idle => _ = self.idle.insert((*key, number)),
                    State::Looking { again: false } => _ = self.looking.insert((*key, number)),
                    State::Woken | State::Looking { again: true } => {}
                }
            }
        }
        Some(before)
    }

    /// Wakes the first idle claim that waits for one of these types. If none is idle, the claims
    /// that query for these types have to query again.
    pub fn wake(&mut self, keys: &[u64]) {
        let of = |key: &u64| (*key, 0)..=(*key, u64::MAX);
        let first = keys
            .iter()
            .filter_map(|key| self.idle.range(of(key)).next())
            .map(|(_, number)| *number)
            .min();
        if let Some(number) = first {
            self.set(number, State::Woken);
            if let Some(waiter) = self.waiters.get(&number) {
                waiter.wake.notify_one();
            }
            return;
        }
        let looking: Vec<u64> = keys
            .iter()
            .flat_map(|key| self.looking.range(of(key)))
            .map(|(_, number)| *number)
            .collect();
        for number in looking {
            self.set(number, State::Looking { again: true });
        }
    }

    /// Wakes a claim of each scope that waits for this type, as [`WaiterTable::wake`] does.
    pub fn wake_type(&mut self, job_type: &str) {
        let scopes: Vec<u64> = self.scopes.keys().copied().collect();
        for scope in scopes {
            let key = self.hasher.hash_one((scope, job_type));
            self.wake(&[key]);
        }
    }

    /// Returns types of some claims behind a number, and the number of the last of these claims.
    /// Leaves out types in `asked`.
    pub fn types_behind(&self, after: u64, asked: &mut HashSet<u64>) -> Option<(u64, Vec<String>)> {
        let mut types = Vec::new();
        let mut last = None;
        for (number, waiter) in self.waiters.range(after + 1..).take(CLAIMS_PER_STATEMENT) {
            let new = waiter
                .types
                .iter()
                .zip(&waiter.keys)
                .filter(|(_, key)| asked.insert(**key));
            types.extend(new.map(|(kind, _)| kind.clone()));
            last = Some(*number);
            if types.len() >= TYPES_PER_STATEMENT {
                break;
            }
        }
        last.map(|last| (last, types))
    }
}
