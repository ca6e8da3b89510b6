//! Records of one source that have the same id, as in a log with a line for each change: the newest
//! `updated_at` counts, or else the last record. Records are written as they are read, so a first
//! pass finds out which one counts.
//!
//! An id takes 32 bytes, as a fingerprint of 128 bits. Memory is bounded: ids beyond [`MAX_IDS`]
//! are left to the second pass, in which the first record of an id counts.

use super::{identity::Identity, seen::fingerprint};
use std::hash::RandomState;

/// Maximum ids in memory.
const MAX_IDS: usize = (1 << 21) / 8 * 7;

/// Records after which the first repeated ids are merged.
const FIRST_LIMIT: usize = 1 << 16;

/// Role of a record among those of its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No other record has the id, as far as is known.
    Only,
    Newest,
    Older,
}

pub struct NewestRecords {
    keys: [RandomState; 2],
    /// Records so far; after [`NewestRecords::settle`] those that count, sorted by id.
    met: Vec<Met>,
    limit: usize,
}

#[derive(Clone, Copy)]
struct Met {
    id: u128,
    updated: i64,
    /// Place in the file, and whether other records have the id, in the lowest bit.
    place: u64,
}

impl Default for NewestRecords {
    fn default() -> Self {
        Self {
            keys: Default::default(),
            met: Vec::new(),
            limit: FIRST_LIMIT,
        }
    }
}

impl NewestRecords {
    /// Notes a record of the first pass.
    pub fn meet(&mut self, identity: &Identity, offset: u64) {
        if self.met.len() >= self.limit {
            self.merge();
            if self.met.len() >= MAX_IDS {
                return;
            }
            self.limit = FIRST_LIMIT.max(self.met.len() / 2 * 3);
        }
        if self.met.len() == self.met.capacity() {
            let more = (self.met.len() / 2).max(64);
            self.met
                .reserve_exact(more.min(self.limit - self.met.len()));
        }
        self.met.push(Met {
            id: fingerprint(&self.keys, &identity.id),
            updated: identity.updated.unwrap_or(i64::MIN),
            place: offset << 1,
        });
    }

    /// Ends the first pass, and forgets the ids that occur once.
    pub fn settle(&mut self) {
        self.merge();
        self.met.retain(|met| met.place & 1 == 1);
        self.met.shrink_to_fit();
    }

    /// Whether no id occurs more than once.
    pub fn is_empty(&self) -> bool {
        self.met.is_empty()
    }

    pub fn standing(&self, identity: &Identity, offset: u64) -> Standing {
        let id = fingerprint(&self.keys, &identity.id);
        match self.met.binary_search_by_key(&id, |met| met.id) {
            Ok(at) if self.met[at].place >> 1 == offset => Standing::Newest,
            Ok(_) => Standing::Older,
            Err(_) => Standing::Only,
        }
    }

    /// Keeps one record of each id.
    fn merge(&mut self) {
        self.met
            .sort_unstable_by_key(|met| (met.id, met.updated, met.place));
        self.met.dedup_by(|later, earlier| {
            let same = later.id == earlier.id;
            if same {
                *earlier = Met {
                    place: later.place | 1,
                    ..*later
                };
            }
            same
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(id: &str, updated: Option<i64>) -> Identity {
        Identity {
            id: id.to_owned(),
            updated,
        }
    }

    #[test]
    fn the_newest_time_counts_else_the_last_place() {
        let records = [
            ("a", Some(5)),
            ("a", Some(9)),
            ("b", None),
            ("a", Some(7)),
            ("b", None),
            ("c", Some(1)),
            ("d", Some(3)),
            ("d", Some(3)),
            ("d", None),
        ];
        let mut newest = NewestRecords::default();
        for (place, (id, updated)) in records.iter().enumerate() {
            newest.meet(&identity(id, *updated), place as u64);
        }
        newest.settle();
        use Standing::{Newest, Older, Only};
        let standing = |(place, (id, updated)): (usize, &(&str, Option<i64>))| {
            newest.standing(&identity(id, *updated), place as u64)
        };
        let found: Vec<_> = records.iter().enumerate().map(standing).collect();
        let wanted = [
            Older, Newest, Older, Older, Newest, Only, Older, Newest, Older,
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_long_log_of_few_ids_takes_little_memory() {
        let mut newest = NewestRecords::default();
        for n in 0..1_000_000_u64 {
            newest.meet(&identity(&(n % 1000).to_string(), None), n);
        }
        assert!(newest.met.capacity() <= 2 * FIRST_LIMIT);
        newest.settle();
        assert_eq!(newest.met.len(), 1000);
        let last = newest.standing(&identity("7", None), 999_007);
        assert_eq!(last, Standing::Newest);
    }
}
