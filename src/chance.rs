//! Ids and jitter, as values that are handed in: tests decide them.

use uuid::Uuid;

pub trait Chance: Send + Sync {
    /// A new id, never given before: UUIDv7 text (RFC 9562), so that ids sort by their time of birth.
    fn id(&self) -> String;
    /// A number in 0.0..1.0.
    fn jitter(&self) -> f64;
}

pub struct SystemChance;

impl Chance for SystemChance {
    fn id(&self) -> String {
        Uuid::now_v7().to_string()
    }

    fn jitter(&self) -> f64 {
        fastrand::f64()
    }
}
