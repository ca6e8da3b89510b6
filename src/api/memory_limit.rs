//! Memory limits that large requests and responses share.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Limit for all large bodies that are being read: 128 MiB.
pub static REQUEST_MEMORY: Room = Room::new(128 << 20);

/// Limit for all large responses that are being built, or that clients have not received yet: 256
/// MiB.
pub static RESPONSE_MEMORY: Room = Room::new(256 << 20);

pub struct Room {
    taken: AtomicUsize,
    most: usize,
}

/// Memory reserved for one request, in bytes; dropping the share releases it.
pub struct MemoryReservation {
    room: &'static Room,
    bytes: usize,
}

impl Room {
    const fn new(most: usize) -> Self {
        Self {
            taken: AtomicUsize::new(0),
            most,
        }
    }

    /// Returns a share of 0 bytes.
    pub fn share(&'static self) -> MemoryReservation {
        MemoryReservation {
            room: self,
            bytes: 0,
        }
    }
}

impl MemoryReservation {
    /// Grows the share to this total of bytes. Returns false if the limit does not allow it.
    pub fn grow_to(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let fits = |taken: usize| {
            taken
                .checked_add(more)
                .filter(|taken| *taken <= self.room.most)
        };
        let grown = self
            .room
            .taken
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, fits)
            .is_ok();
        self.bytes += if grown { more } else { 0 };
        grown
    }

    /// Grows the share to this total of bytes even beyond the limit, for a response that must be
    /// sent.
    pub fn take(&mut self, bytes: usize) {
        let more = bytes.saturating_sub(self.bytes);
        self.room.taken.fetch_add(more, Ordering::AcqRel);
        self.bytes += more;
    }
}

impl Drop for MemoryReservation {
    fn drop(&mut self) {
        self.room.taken.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_given_back_with_its_end_and_none_is_larger_than_the_room() {
        static SMALL: Room = Room::new(10);
        let (mut one, mut other) = (SMALL.share(), SMALL.share());
        assert!(one.grow_to(6) && one.grow_to(3) && other.grow_to(4));
        assert!(!other.grow_to(5) && !one.grow_to(usize::MAX));
        drop(one);
        assert!(other.grow_to(10));
        let mut forced = SMALL.share();
        forced.take(5);
        drop(other);
        assert!(SMALL.share().grow_to(5) && !SMALL.share().grow_to(6));
    }
}
