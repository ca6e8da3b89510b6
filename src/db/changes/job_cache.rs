//! Cache of jobs that clients read often. A write invalidates its jobs before it is acknowledged,
//! so that a client always reads its own writes.
//!
//! Commit notices of other servers invalidate jobs too. A change without a notice (a lease that
//! another server extended, a write by another program, a lost notification) becomes visible after
//! [`MAX_AGE`] at the latest.

use crate::db::{changes::change_bus::CommitNotice, jobs::weight::weight_of};
use bytes::Bytes;
use entity::{job, job_item};
use moka::{Expiry, notification::RemovalCause, sync::Cache};
use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Maximum age of a cached job.
pub const MAX_AGE: Duration = Duration::from_secs(1);

/// Maximum size of a cached job in bytes, approximately. A larger job is read from the database
/// each time.
const MAX_ENTRY_BYTES: usize = 32 << 10;

/// Number of locks, each of which guards a part of the jobs.
const SHARDS: usize = 256;

/// Job with its items, as they were read together.
#[derive(Debug)]
pub struct CachedJob {
    pub job: job::Model,
    /// Items, with only those members of their documents that make up a shot.
    pub items: Vec<job_item::Model>,
    /// Position of the last item in `items`, if the job has more of them.
    pub next_after: Option<i32>,
    /// Serialized form of the job for responses, built once.
    pub written: OnceLock<Bytes>,
    /// Time for which it may be used from now on, at most [`MAX_AGE`].
    life: Duration,
}

/// Ends an entry with the life of its job.
struct Lives;

impl Expiry<String, Arc<CachedJob>> for Lives {
    fn expire_after_create(
        &self,
        _: &String,
        job: &Arc<CachedJob>,
        _: Instant,
    ) -> Option<Duration> {
        Some(job.life)
    }

    fn expire_after_update(
        &self,
        _: &String,
        job: &Arc<CachedJob>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(job.life)
    }
}

/// Cache of jobs; always empty if its capacity is 0.
#[derive(Clone)]
pub struct JobCache(Option<Arc<Inner>>);

struct Inner {
    jobs: Cache<String, Arc<CachedJob>>,
    /// Number of invalidations in each part. Locked while an entry is added or removed, so that a
    /// job read before a commit is not cached after it.
    parts: Vec<Mutex<u64>>,
    hasher: RandomState,
    /// Number of invalidations of any job.
    changes: AtomicU64,
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: Arc<AtomicU64>,
}

/// Size of the cache, and its reads so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheNumbers {
    /// Approximate number of cached jobs.
    pub jobs: u64,
    pub hits: u64,
    pub misses: u64,
    /// Jobs that were dropped to make room, or because of their age.
    pub evictions: u64,
}

impl CacheNumbers {
    /// Returns the share of reads that the cache answered; `None` before the first read.
    pub fn hit_ratio(&self) -> Option<f64> {
        let reads = self.hits.saturating_add(self.misses);
        (reads > 0).then(|| self.hits as f64 / reads as f64)
    }
}

/// Number of invalidations in a part before a job was read.
pub struct Generation(u64);

impl JobCache {
    pub fn new(most: u64) -> Self {
        let evictions = Arc::<AtomicU64>::default();
        let count = evictions.clone();
        let evicted = move |_, _, cause: RemovalCause| {
            if cause.was_evicted() {
                count.fetch_add(1, Ordering::Relaxed);
            }
        };
        let inner = || Inner {
            jobs: Cache::builder()
                .max_capacity(most)
                .time_to_live(MAX_AGE)
                .expire_after(Lives)
                .eviction_listener(evicted)
                .build(),
            parts: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            changes: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            evictions,
        };
        Self((most > 0).then(|| Arc::new(inner())))
    }

    pub fn get(&self, id: &str) -> Option<Arc<CachedJob>> {
        let inner = self.0.as_ref()?;
        let found = inner.jobs.get(id);
        let reads = if found.is_some() {
            &inner.hits
        } else {
            &inner.misses
        };
        reads.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Returns the size of the cache and its reads so far.
    pub fn numbers(&self) -> CacheNumbers {
        self.0.as_ref().map_or_else(CacheNumbers::default, |inner| {
            let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
            CacheNumbers {
                jobs: inner.jobs.entry_count(),
                hits: count(&inner.hits),
                misses: count(&inner.misses),
                evictions: count(&inner.evictions),
            }
        })
    }

    /// Returns a number that grows with each change of any job. Data read after the number was
    /// reached includes every write acknowledged before. `None` if the cache is off.
    pub fn changes(&self) -> Option<u64> {
        self.0
            .as_ref()
            .map(|inner| inner.changes.load(Ordering::Acquire))
    }

    /// Returns the number of invalidations so far; to be called before the job is read.
    pub fn generation(&self, id: &str) -> Option<Generation> {
        let inner = self.0.as_ref()?;
        Some(Generation(
            *inner
                .part(id)
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        ))
    }

    /// Caches a job that was read after `moment`, unless it may have changed since.
    pub fn keep(&self, moment: Option<Generation>, kept: &Arc<CachedJob>) {
        let Some((inner, moment)) = self.0.as_ref().zip(moment) else {
            return;
        };
        let forgotten = inner
            .part(&kept.job.id)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if *forgotten == moment.0 && kept.is_small() {
            inner.jobs.insert(kept.job.id.clone(), kept.clone());
        }
    }

    /// Removes the changed jobs from the cache, including those whose version did not change.
    pub(in crate::db) fn forget(&self, notice: &CommitNotice) {
        let Some(inner) = &self.0 else { return };
        if notice.is_empty() && notice.leases.is_empty() {
            return;
        }
        inner.changes.fetch_add(1, Ordering::AcqRel);
        if notice.more {
            for part in &inner.parts {
                *part.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            }
            inner.jobs.invalidate_all();
            return;
        }
        for id in notice
            .jobs
            .iter()
            .map(|news| &news.job_id)
            .chain(&notice.leases)
        {
            let mut forgotten = inner
                .part(id)
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *forgotten += 1;
            inner.jobs.invalidate(id);
        }
    }
}

impl Inner {
    fn part(&self, id: &str) -> &Mutex<u64> {
        let part = self.hasher.hash_one(id) % SHARDS as u64;
        &self.parts[usize::try_from(part).unwrap_or_default()]
    }
}

impl CachedJob {
    pub fn new(job: job::Model, items: Vec<job_item::Model>, next_after: Option<i32>) -> Self {
        Self {
            job,
            items,
            next_after,
            written: OnceLock::new(),
            life: MAX_AGE,
        }
    }

    /// Returns the job with a shorter life: an entry of the shared cache was read a while ago.
    pub fn that_lives_for(mut self, life: Duration) -> Self {
        self.life = life.min(MAX_AGE);
        self
    }

    /// Returns whether the job is small enough to be cached.
    pub fn is_small(&self) -> bool {
        self.weight() <= MAX_ENTRY_BYTES
    }

    /// Approximate size in bytes, including the serialized form.
    fn weight(&self) -> usize {
        let json = |json: &Option<serde_json::Value>| json.as_ref().map_or(0, weight_of);
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let item = |item: &job_item::Model| {
            512 + item.key.len() + json(&item.input) + json(&item.result) + text(&item.error)
        };
        let items: usize = self.items.iter().map(item).sum();
        let job = &self.job;
        let values: usize = [
            &job.request_data,
            &job.context,
            &job.result_data,
            &job.labels,
            &job.webhook,
        ]
        .map(json)
        .iter()
        .sum();
        // Any text of an imported job may be long.
        let texts = [
            &job.content,
            &job.user_requirement,
            &job.error_message,
            &job.mode,
            &job.style,
            &job.project_title,
            &job.working_dir,
            &job.current_stage,
            &job.source_status,
        ];
        let texts: usize = texts.map(text).iter().sum();
        4096 + 2 * (texts + values + items)
    }
}
