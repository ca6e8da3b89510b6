//! Cache of the lists of jobs that clients requested recently, as serialized bytes. An entry is
//! valid until any job changes, so that many clients of the same page cost one query. As with
//! single jobs, a change that another program writes to the database is visible after [`MAX_AGE`]
//! at the latest.

use crate::{
    db::MAX_AGE,
    jobs::{Filter, Order, PageAfter, View},
};
use bytes::Bytes;
use moka::sync::Cache;

/// Maximum bytes of all cached lists.
const MAX_CACHED_BYTES: u64 = 8 << 20;

/// Key of a cached list: the request, and the state of the jobs it was read in.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ListKey {
    /// Number of job changes before the list was read; `None` if nothing may be cached.
    pub changes: Option<u64>,
    pub filter: Filter,
    pub order: Order,
    pub after: PageAfter,
    pub limit: u64,
    pub view: View,
}

/// A list, and the cursor of the page after it.
type CachedList = (Bytes, Option<String>);

#[derive(Clone)]
pub struct ListCache(Cache<ListKey, CachedList>);

impl Default for ListCache {
    fn default() -> Self {
        let weight =
            |_: &ListKey, (list, _): &CachedList| u32::try_from(list.len()).unwrap_or(u32::MAX);
        Self(
            Cache::builder()
                .weigher(weight)
                .max_capacity(MAX_CACHED_BYTES)
                .time_to_live(MAX_AGE)
                .build(),
        )
    }
}

impl ListCache {
    pub fn get(&self, asked: &ListKey) -> Option<CachedList> {
        asked.changes.and_then(|_| self.0.get(asked))
    }

    pub fn keep(&self, asked: ListKey, list: Bytes, next: Option<String>) {
        if asked.changes.is_some() {
            self.0.insert(asked, (list, next));
        }
    }
}
