//! How many rejects of a run are kept to be looked at. What comes after these is only counted: a dump that is nothing but
//! rejects fills no disk.

use std::sync::{Mutex, PoisonError};

/// Rejects that are kept.
const ROWS: u64 = 10_000;

/// Bytes that they may take.
const BYTES: u64 = 64 << 20;

#[derive(Default)]
pub struct Allowance(Mutex<Spent>);

#[derive(Default)]
struct Spent {
    rows: u64,
    bytes: u64,
    /// The first that did not fit was met: what is kept is the beginning, without gaps.
    all: bool,
}

impl Allowance {
    /// Whether a reject with so many bytes of text is kept.
    pub fn take(&self, bytes: usize) -> bool {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (rows, bytes) = (spent.rows + 1, spent.bytes + bytes as u64);
        spent.all |= rows > ROWS || bytes > BYTES;
        if !spent.all {
            (spent.rows, spent.bytes) = (rows, bytes);
        }
        !spent.all
    }

    /// Whether no more are kept: what a reject takes need not be found out.
    pub fn is_spent(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_are_kept_up_to_a_number_and_a_size() {
        let many = Allowance::default();
        assert_eq!((0..20_000).filter(|_| many.take(1)).count() as u64, ROWS);
        let large = Allowance::default();
        assert_eq!((0..100).filter(|_| large.take(1 << 20)).count(), 64);
        assert!(large.is_spent() && !large.take(0));
    }
}
