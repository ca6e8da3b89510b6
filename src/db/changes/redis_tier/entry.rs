//! Serialized form of a job in the shared cache.

use crate::db::changes::job_cache::CachedJob;
use entity::{job, job_item};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, time::Duration};

/// A job with its items, without the secrets of its leases.
#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    job: Cow<'a, job::Model>,
    items: Cow<'a, [job_item::Model]>,
    next_after: Option<i32>,
}

/// Returns the serialized form of the job. The tokens of its leases are left out: they let a caller
/// report on the job, and no reader is shown them.
pub fn encode(cached: &CachedJob) -> Option<Vec<u8>> {
    let mut job = cached.job.clone();
    job.lease_token = None;
    job.last_lease_token = None;
    let entry = Entry {
        job: Cow::Owned(job),
        items: Cow::Borrowed(&cached.items),
        next_after: cached.next_after,
    };
    serde_json::to_vec(&entry).ok()
}

/// Returns the job of a serialized form that is valid for `life`; `None` if it is none of the job.
pub fn decode(id: &str, bytes: &[u8], life: Duration) -> Option<CachedJob> {
    let entry: Entry<'_> = serde_json::from_slice(bytes).ok()?;
    let job = entry.job.into_owned();
    (job.id == id).then(|| {
        CachedJob::new(job, entry.items.into_owned(), entry.next_after).that_lives_for(life)
    })
}
