//! Lists of jobs that were asked for a moment ago, as they were written. One is given again as long as no job changed: many
//! who look at the same page cost one look at the database. As with single jobs, what is written past Callsheet is seen
//! after [`OLDEST`] at the latest.

use crate::{
    db::OLDEST,
    jobs::{Filter, Order, PageAfter, View},
};
use bytes::Bytes;
use moka::sync::Cache;

/// Bytes of all lists that are kept.
const MOST: u64 = 8 << 20;

/// What was asked, and when.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Asked {
    /// Changes of jobs before the list was read; none where nothing is to be kept.
    pub changes: Option<u64>,
    pub filter: Filter,
    pub order: Order,
    pub after: PageAfter,
    pub limit: u64,
    pub view: View,
}

#[derive(Clone)]
pub struct KeptLists(Cache<Asked, Bytes>);

impl Default for KeptLists {
    fn default() -> Self {
        let weight = |_: &Asked, list: &Bytes| u32::try_from(list.len()).unwrap_or(u32::MAX);
        Self(Cache::builder().weigher(weight).max_capacity(MOST).time_to_live(OLDEST).build())
    }
}

impl KeptLists {
    pub fn get(&self, asked: &Asked) -> Option<Bytes> {
        asked.changes.and_then(|_| self.0.get(asked))
    }

    pub fn keep(&self, asked: Asked, list: Bytes) {
        if asked.changes.is_some() {
            self.0.insert(asked, list);
        }
    }
}
