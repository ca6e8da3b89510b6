//! Source of ids and jitter, behind a trait so that tests control them.

use crate::clock::since_1970;
use uuid::{NoContext, Timestamp, Uuid};

pub trait Chance: Send + Sync {
    /// Returns a new unique id: a UUIDv7 as text (RFC 9562), so that ids sort by time of creation.
    fn id(&self) -> String;
    /// Returns a number in 0.0..1.0.
    fn jitter(&self) -> f64;
}

pub struct SystemChance;

impl Chance for SystemChance {
    fn id(&self) -> String {
        // `Uuid::now_v7` would panic on a clock before 1970.
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
