//! Optional cache of jobs in Redis, which all servers of a database share.
//!
//! Nothing is only there: a reader whose call fails or is late reads the database. An entry is at
//! most [`MAX_AGE`] old, as one in memory is, and a server does not use one that is older than a
//! change that it heard of. See docs/decisions/reads.md.

mod breaker;
mod entry;
mod heard;
mod link;
mod notices;
mod orders;
mod scripts;

pub use link::{LinkState, try_once};

use crate::{
    db::changes::{
        change_bus::CommitNotice,
        job_cache::{CachedJob, MAX_AGE},
    },
    tasks::for_ever,
};
use heard::Heard;
use link::{Link, client};
use orders::{Order, Orders};
use redis::Value;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Time limit of a call that a reader waits for.
pub const BUDGET: Duration = Duration::from_millis(20);

/// Address of a Redis server, and the patience with it.
#[derive(Clone)]
pub struct RedisOptions {
    pub url: String,
    /// Time limit of a call that a reader waits for.
    pub budget: Duration,
}

impl RedisOptions {
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            budget: BUDGET,
        }
    }

    /// Checks the form of the URL.
    ///
    /// Errors: a sentence that does not quote it.
    pub fn check(&self) -> Result<(), String> {
        client(&self.url).map(|_| ())
    }
}

/// Reads of the shared cache so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RedisNumbers {
    pub hits: u64,
    pub misses: u64,
    /// Calls of readers that failed or were late.
    pub failures: u64,
}

/// Cache of jobs that the servers of a database share. Dropping the last clone ends its tasks.
#[derive(Clone)]
pub struct RedisTier {
    link: Arc<Link>,
    heard: Arc<Heard>,
    orders: Orders,
    counts: Arc<Counts>,
    /// Beginning of the key of each job.
    prefix: Arc<str>,
    channel: Arc<str>,
    _tasks: Arc<JoinSet<()>>,
}

#[derive(Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
    failures: AtomicU64,
}

/// Outcome of a read of the shared cache.
pub enum SharedRead {
    Hit(Arc<CachedJob>),
    /// The job is not there; with a permit to store it, if no other reader has one.
    Miss(Option<StorePermit>),
}

/// Permit to store a job that is read from the database after it was given.
pub struct StorePermit(String);

impl RedisTier {
    /// Starts the tasks of the cache. `database` identifies the database among those that share the
    /// Redis server, and `format` the form of its rows.
    ///
    /// Errors: a sentence about the URL.
    pub fn start(options: &RedisOptions, database: &str, format: &str) -> Result<Self, String> {
        let link = Arc::new(Link::new(&options.url, options.budget)?);
        let prefix: Arc<str> = format!("callsheet:{database}:{format}:").into();
        let (orders, carried_out) = orders::queue();
        let mut tasks = JoinSet::new();
        let (kept, of) = (link.clone(), prefix.clone());
        tasks.spawn(for_ever("probe_redis", move || {
            let (link, prefix) = (kept.clone(), of.clone());
            async move { link.keep(&prefix).await }
        }));
        let (used, of) = (link.clone(), prefix.clone());
        tasks.spawn(carried_out.run(used, of));
        Ok(Self {
            link,
            heard: Arc::default(),
            orders,
            counts: Arc::default(),
            channel: format!("callsheet:{database}:news").into(),
            prefix,
            _tasks: Arc::new(tasks),
        })
    }

    /// Waits until it is known whether Redis answers, at most two seconds.
    pub async fn is_probed(&self) {
        self.link.is_probed().await;
    }

    pub fn state(&self) -> LinkState {
        self.link.state()
    }

    pub fn numbers(&self) -> RedisNumbers {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        RedisNumbers {
            hits: count(&self.counts.hits),
            misses: count(&self.counts.misses),
            failures: count(&self.counts.failures),
        }
    }

    /// Takes a notice of this or of another server: no older entry of its jobs is used from now on.
    pub(super) fn note(&self, notice: &CommitNotice) {
        self.heard.hear(notice, Instant::now());
    }

    /// Queues that the jobs of a commit of this server are dropped, and returns at once.
    pub(in crate::db) fn drop_changed(&self, notice: &CommitNotice) {
        if !self.link.is_up() {
            return;
        }
        // A new job has no entry.
        let changed = notice.jobs.iter().filter(|changed| changed.seq > 1);
        for changed in changed {
            let (id, version) = (changed.job_id.clone(), Some(changed.seq));
            self.orders.add(Order::Drop { id, version });
        }
        for id in notice.leases.iter().cloned() {
            self.orders.add(Order::Drop { id, version: None });
        }
    }

    /// Reads a job that has this version or a later one, and no older one than this server heard
    /// of. Returns within the budget.
    pub async fn read(&self, id: &str, at_least: i64) -> SharedRead {
        let sent = Instant::now();
        let Some(heard) = self.heard.at_least(id, sent).filter(|_| self.link.is_up()) else {
            return SharedRead::Miss(None);
        };
        let token = uuid::Uuid::now_v7().simple().to_string();
        let mut read = redis::cmd("EVAL");
        read.arg(scripts::READ).arg(1).arg(self.key(id));
        read.arg(&token)
            .arg(heard.max(at_least))
            .arg(MAX_AGE.as_millis() as u64);
        let answer = self.link.call(self.link.budget(), |mut conn| async move {
            read.query_async::<Value>(&mut conn).await
        });
        let (found, count) = match answer.await {
            None => (SharedRead::Miss(None), &self.counts.failures),
            Some(Value::Int(1)) => (
                SharedRead::Miss(Some(StorePermit(token))),
                &self.counts.misses,
            ),
            Some(answer) => match found(id, answer, sent) {
                Some(job) => (SharedRead::Hit(Arc::new(job)), &self.counts.hits),
                None => (SharedRead::Miss(None), &self.counts.misses),
            },
        };
        count.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Queues a job that was read under the permit to be stored, and returns at once.
    pub fn store(&self, permit: StorePermit, job: &Arc<CachedJob>) {
        if job.is_small() {
            let (token, job) = (permit.0, job.clone());
            self.orders.add(Order::Store { token, job });
        }
    }

    fn key(&self, id: &str) -> String {
        key(&self.prefix, id)
    }
}

fn key(prefix: &str, id: &str) -> String {
    format!("{prefix}job:{id}")
}

/// Returns the job of an answer, if its life is not over: the process may have stood still since
/// the call was sent.
fn found(id: &str, answer: Value, sent: Instant) -> Option<CachedJob> {
    let Value::Array(parts) = answer else {
        return None;
    };
    let [Value::BulkString(job), Value::Int(left)] = parts.as_slice() else {
        return None;
    };
    let left = Duration::from_millis(u64::try_from(*left).ok()?).min(MAX_AGE);
    let life = left.checked_sub(sent.elapsed())?;
    entry::decode(id, job, life)
}
