//! Ids and jitter, as values that are handed in: tests decide them.

use crate::clock::since_1970;
use uuid::{NoContext, Timestamp, Uuid};

pub trait Chance: Send + Sync {
    /// A new id, never given before: UUIDv7 text (RFC 9562), so that ids sort by their time of birth.
    fn id(&self) -> String;
    /// A number in 0.0..1.0.
    fn jitter(&self) -> f64;
}

pub struct SystemChance;

impl Chance for SystemChance {
    fn id(&self) -> String {
        // A clock before 1970 would end the process here.
        match since_1970() {
            Some(_) => Uuid::now_v7(),
            None => Uuid::new_v7(Timestamp::from_unix(NoContext, 0, 0)),
        }
        .to_string()
    }

    fn jitter(&self) -> f64 {
        fastrand::f64()
    }
}
