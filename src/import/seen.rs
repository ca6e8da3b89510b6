//! Which ids and keys were met. They are held as fingerprints of 128 bits: a million take some 20 MB, and that two ids
//! share theirs does not happen. Memory is bounded: of a file with more ids than [`MOST`], those beyond are not looked
//! for among themselves. The database finds them, as it finds ids of earlier files.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
};

/// Ids that are held. A set takes 17 bytes of each, and doubles when it is full to seven eighths.
const MOST: usize = (1 << 21) / 8 * 7;

/// The ids met so far.
#[derive(Default)]
pub struct Seen {
    keys: [RandomState; 2],
    ids: HashSet<u128>,
}

impl Seen {
    /// False when the id was added before.
    pub fn add(&mut self, id: &str) -> bool {
        let id = fingerprint(&self.keys, id);
        if self.ids.len() < MOST { self.ids.insert(id) } else { !self.ids.contains(&id) }
    }
}

/// The keys that stand more than once in an object. A reader of JSON takes the last value of each, and so does the
/// importer; since records are written as they are met, it has to know beforehand which one that is.
#[derive(Default)]
pub struct Repeated {
    keys: [RandomState; 2],
    met: Vec<u128>,
    /// How many of each are still to come.
    left: HashMap<u128, u32>,
}

impl Repeated {
    pub fn meet(&mut self, key: &str) {
        // Where a character was replaced, two keys may look like one.
        if !key.contains('\u{fffd}') && self.met.len() < MOST {
            self.met.push(fingerprint(&self.keys, key));
        }
    }

    /// Ends the first pass: keys that stand once are forgotten.
    pub fn settle(&mut self) {
        let mut met = std::mem::take(&mut self.met);
        met.sort_unstable();
        let runs = met.chunk_by(|a, b| a == b).filter(|run| run.len() > 1);
        self.left = runs.map(|run| (run[0], u32::try_from(run.len()).unwrap_or(u32::MAX))).collect();
    }

    /// Whether the key, which was met now, will be met again.
    pub fn comes_again(&mut self, key: &str) -> bool {
        if self.left.is_empty() {
            return false;
        }
        let Some(left) = self.left.get_mut(&fingerprint(&self.keys, key)) else { return false };
        *left = left.saturating_sub(1);
        *left > 0
    }
}

fn fingerprint(keys: &[RandomState; 2], text: &str) -> u128 {
    let [high, low] = keys.each_ref().map(|key| u128::from(key.hash_one(text)));
    high << 64 | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_the_last_of_a_key_come_again() {
        let mut keys = Repeated::default();
        let order = ["a", "b", "a", "c", "a", "b"];
        order.iter().for_each(|key| keys.meet(key));
        keys.settle();
        let again: Vec<_> = order.iter().map(|key| keys.comes_again(key)).collect();
        assert_eq!(again, [true, true, true, false, false, false]);
    }

    #[test]
    fn an_id_is_new_once() {
        let mut seen = Seen::default();
        assert_eq!([seen.add("a"), seen.add("b"), seen.add("a")], [true, true, false]);
    }
}
