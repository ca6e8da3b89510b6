//! Ids and keys found so far, held as fingerprints of 128 bits, which are not expected to collide.
//! Memory is bounded: in a file with more ids than [`MAX_IDS`], duplicates among the later ones are
//! not found here. The database finds them, as it finds the ids of earlier files.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
};

/// Maximum ids in memory. A hash set doubles when it is seven eighths full.
const MAX_IDS: usize = (1 << 21) / 8 * 7;

/// Set of the ids found so far.
#[derive(Default)]
pub struct SeenIds {
    keys: [RandomState; 2],
    ids: HashSet<u128>,
}

impl SeenIds {
    /// Adds an id; false when it was added before.
    pub fn add(&mut self, id: &str) -> bool {
        let id = fingerprint(&self.keys, id);
        if self.ids.len() < MAX_IDS {
            self.ids.insert(id)
        } else {
            !self.ids.contains(&id)
        }
    }
}

/// Keys that occur more than once in an object. A JSON parser takes the last value of such a key,
/// and so does the importer. Since it writes records as it reads them, it needs these keys in
/// advance.
#[derive(Default)]
pub struct RepeatedKeys {
    keys: [RandomState; 2],
    met: Vec<u128>,
    /// Remaining occurrences of each key.
    left: HashMap<u128, u32>,
}

impl RepeatedKeys {
    pub fn meet(&mut self, key: &str) {
        // Two keys may look like one after a character was replaced.
        if !key.contains('\u{fffd}') && self.met.len() < MAX_IDS {
            self.met.push(fingerprint(&self.keys, key));
        }
    }

    /// Ends the first pass, and forgets the keys that occur once.
    pub fn settle(&mut self) {
        let mut met = std::mem::take(&mut self.met);
        met.sort_unstable();
        let runs = met.chunk_by(|a, b| a == b).filter(|run| run.len() > 1);
        self.left = runs
            .map(|run| (run[0], u32::try_from(run.len()).unwrap_or(u32::MAX)))
            .collect();
    }

    /// Whether the current key occurs again further down.
    pub fn comes_again(&mut self, key: &str) -> bool {
        if self.left.is_empty() {
            return false;
        }
        let Some(left) = self.left.get_mut(&fingerprint(&self.keys, key)) else {
            return false;
        };
        *left = left.saturating_sub(1);
        *left > 0
    }
}

pub fn fingerprint(keys: &[RandomState; 2], text: &str) -> u128 {
    let [high, low] = keys.each_ref().map(|key| u128::from(key.hash_one(text)));
    high << 64 | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_the_last_of_a_key_come_again() {
        let mut keys = RepeatedKeys::default();
        let order = ["a", "b", "a", "c", "a", "b"];
        order.iter().for_each(|key| keys.meet(key));
        keys.settle();
        let again: Vec<_> = order.iter().map(|key| keys.comes_again(key)).collect();
        assert_eq!(again, [true, true, true, false, false, false]);
    }

    #[test]
    fn an_id_is_new_once() {
        let mut seen = SeenIds::default();
        assert_eq!(
            [seen.add("a"), seen.add("b"), seen.add("a")],
            [true, true, false]
        );
    }
}
