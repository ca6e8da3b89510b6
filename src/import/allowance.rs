//! Limit on the rejects that a run stores. Later rejects are only counted, so that a dump full of
//! bad records cannot fill the disk.

use std::sync::{Mutex, PoisonError};

/// Maximum rejects that a run stores.
const MAX_REJECTS: u64 = 10_000;

/// Maximum size of the stored rejects of a run, in bytes.
const MAX_REJECT_BYTES: u64 = 64 << 20;

#[derive(Default)]
pub struct RejectBudget(Mutex<Used>);

#[derive(Default)]
struct Used {
    rows: u64,
    bytes: u64,
    /// Set by the first reject that does not fit: the stored rejects are the first ones, without
    /// gaps.
    all: bool,
}

impl RejectBudget {
    /// Takes a reject with this many bytes of text from the allowance; false when it does not fit.
    pub fn take(&self, bytes: usize) -> bool {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (rows, bytes) = (spent.rows + 1, spent.bytes + bytes as u64);
        spent.all |= rows > MAX_REJECTS || bytes > MAX_REJECT_BYTES;
        if !spent.all {
            (spent.rows, spent.bytes) = (rows, bytes);
        }
        !spent.all
    }

    /// Whether the allowance is used up, so that the caller need not build the row of a reject.
    pub fn is_spent(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_are_kept_up_to_a_number_and_a_size() {
        let many = RejectBudget::default();
        assert_eq!(
            (0..20_000).filter(|_| many.take(1)).count() as u64,
            MAX_REJECTS
        );
        let large = RejectBudget::default();
        assert_eq!((0..100).filter(|_| large.take(1 << 20)).count(), 64);
        assert!(large.is_spent() && !large.take(0));
    }
}
