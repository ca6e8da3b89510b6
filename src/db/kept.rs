//! Jobs that are asked for often, kept in memory as they were read, and forgotten before the answer of the write that
//! changes them: a read after one's own write is never older than it.
//!
//! News of other servers make it forget too. What no news tells of (a lease that another server moved, another program
//! that writes to the database, news that were lost) is seen after [`OLDEST`] at the latest.

use super::news::Told;
use bytes::Bytes;
use entity::{job, job_item};
use moka::sync::Cache;
use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// How long a job is kept without being read anew.
pub const OLDEST: Duration = Duration::from_secs(1);

/// Bytes of a job that is kept, about; a larger one is read each time.
const LARGEST: usize = 32 << 10;

/// Locks, each of which guards a part of the jobs.
const PARTS: usize = 256;

/// A job with its items, as one look at the database found them.
#[derive(Debug)]
pub struct Kept {
    pub job: job::Model,
    /// With those members of their documents that shots are made of.
    pub items: Vec<job_item::Model>,
    /// Position of the last of them where the job has more than are shown with it.
    pub next_after: Option<i32>,
    /// As a face of the service writes it, made once.
    pub written: OnceLock<Bytes>,
}

/// The jobs that are kept; none where there is no room for any.
#[derive(Clone)]
pub struct KeptJobs(Option<Arc<Inner>>);

struct Inner {
    jobs: Cache<String, Arc<Kept>>,
    /// How often a job of the part was forgotten. Locked while one comes or goes, so that what was read before a commit
    /// cannot come behind it.
    parts: Vec<Mutex<u64>>,
    hasher: RandomState,
    /// How often any job was forgotten.
    changes: AtomicU64,
}

/// The moment before a job was read.
pub struct Moment(u64);

impl KeptJobs {
    pub fn new(most: u64) -> Self {
        let inner = || Inner {
            jobs: Cache::builder().max_capacity(most).time_to_live(OLDEST).build(),
            parts: (0..PARTS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            changes: AtomicU64::new(0),
        };
        Self((most > 0).then(|| Arc::new(inner())))
    }

    pub fn get(&self, id: &str) -> Option<Arc<Kept>> {
        self.0.as_ref()?.jobs.get(id)
    }

    /// A number that is another one after each change of any job: what was read since it came up is not older than any
    /// write that was answered before. `None` where nothing is to be kept.
    pub fn changes(&self) -> Option<u64> {
        self.0.as_ref().map(|inner| inner.changes.load(Ordering::Acquire))
    }

    /// To be taken before the job is read.
    pub fn moment(&self, id: &str) -> Option<Moment> {
        let inner = self.0.as_ref()?;
        Some(Moment(*inner.part(id).lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Keeps what was read since the moment, unless it may have changed meanwhile.
    pub fn keep(&self, moment: Option<Moment>, kept: &Arc<Kept>) {
        let Some((inner, moment)) = self.0.as_ref().zip(moment) else { return };
        let forgotten = inner.part(&kept.job.id).lock().unwrap_or_else(PoisonError::into_inner);
        if *forgotten == moment.0 && kept.weight() <= LARGEST {
            inner.jobs.insert(kept.job.id.clone(), kept.clone());
        }
    }

    /// Jobs changed, be it without a step of their versions.
    pub(super) fn forget(&self, told: &Told) {
        let Some(inner) = &self.0 else { return };
        if told.is_empty() && told.leases.is_empty() {
            return;
        }
        inner.changes.fetch_add(1, Ordering::AcqRel);
        if told.more {
            for part in &inner.parts {
                *part.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            }
            inner.jobs.invalidate_all();
            return;
        }
        for id in told.jobs.iter().map(|news| &news.job_id).chain(&told.leases) {
            let mut forgotten = inner.part(id).lock().unwrap_or_else(PoisonError::into_inner);
            *forgotten += 1;
            inner.jobs.invalidate(id);
        }
    }
}

impl Inner {
    fn part(&self, id: &str) -> &Mutex<u64> {
        let part = self.hasher.hash_one(id) % PARTS as u64;
        &self.parts[usize::try_from(part).unwrap_or_default()]
    }
}

impl Kept {
    pub fn new(job: job::Model, items: Vec<job_item::Model>, next_after: Option<i32>) -> Self {
        Self { job, items, next_after, written: OnceLock::new() }
    }

    /// About how many bytes it holds, with what a face writes of it.
    fn weight(&self) -> usize {
        let json = |json: &Option<serde_json::Value>| json.as_ref().map_or(0, super::write::weight_of);
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let item =
            |item: &job_item::Model| 512 + item.key.len() + json(&item.input) + json(&item.result) + text(&item.error);
        let items: usize = self.items.iter().map(item).sum();
        let job = &self.job;
        let values: usize = [&job.request_data, &job.context, &job.result_data, &job.labels].map(json).iter().sum();
        // Of an imported job any text may be long.
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
