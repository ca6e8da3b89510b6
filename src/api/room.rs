//! Memory that the bytes of many calls may take together.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Large bodies that are being read.
pub static BODIES: Room = Room::new(128 << 20);

/// Large answers that are being made, and those that their readers have not taken yet.
pub static ANSWERS: Room = Room::new(256 << 20);

pub struct Room {
    taken: AtomicUsize,
    most: usize,
}

/// Bytes of a room that one call takes, for as long as this is there.
pub struct Share {
    room: &'static Room,
    bytes: usize,
}

impl Room {
    const fn new(most: usize) -> Self {
        Self { taken: AtomicUsize::new(0), most }
    }

    /// Nothing yet.
    pub fn share(&'static self) -> Share {
        Share { room: self, bytes: 0 }
    }
}

impl Share {
    /// Takes so many bytes in all. False where they are not left.
    pub fn grow_to(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let fits = |taken: usize| taken.checked_add(more).filter(|taken| *taken <= self.room.most);
        let grown = self.room.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits).is_ok();
        self.bytes += if grown { more } else { 0 };
        grown
    }

    /// Takes so many bytes in all, whatever is left: for an answer that has to be given.
    pub fn take(&mut self, bytes: usize) {
        let more = bytes.saturating_sub(self.bytes);
        self.room.taken.fetch_add(more, Ordering::AcqRel);
        self.bytes += more;
    }
}

impl Drop for Share {
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
