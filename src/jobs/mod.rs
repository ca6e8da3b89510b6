//! `JobManager`: the service. The HTTP API, the CLI and the background loops only call its methods.

mod actions;
mod apply_transition;
mod catalog;
mod control;
mod create;
mod filter;
mod imports;
mod read;
mod stats;
mod upkeep;
mod validate;
mod watch;
mod work;
mod workers;

pub use crate::{
    db::{
        ArchiveRow, IndexScan, JobFiles, JobUrl, View, WholeJob, page_query as page,
        write::KeepPatch,
    },
    key_limits::{KeyLimits, Left, PerMinute, Place},
    lifecycle::{
        Binding, Counts, Filter, Keep, KeepRule, KeepRules, KeyRange, MAX_COUNTED, Order,
        Permission, Principal, ROLES, Then, Total, role_name, role_named,
    },
};
pub use actions::{ActionFilter, NewAction, Preview};
pub use catalog::audit::{Asker, AuditCalls, AuditFilter, Call as AuditCall};
pub use catalog::episodes::{EpisodePatch, NewEpisode};
pub use catalog::keys::{
    Access, CreatedKey, MAX_KEY_NAME_CHARS, MIN_ADMIN_KEY_CHARS, NewKey, SESSION_HOURS, is_key_text,
};
pub use catalog::queues::{Queue, QueuePatch};
pub use catalog::schedules::{
    MAX_NEXT_RUNS, NewSchedule, SchedulePatch, SchedulePreview, imported_schedule,
};
pub use catalog::series::{NewSeries, SeriesPatch};
pub use catalog::webhooks::{
    NewJobWebhook, NewWebhook, ReplayFrom, Webhook, WebhookPatch, message_id,
};
pub use control::update_job::JobPatch;
pub use create::create_job::{Idempotency, MAX_ITEMS, NewItem, NewJob, RunBy, check_new_job};
pub use filter::MAX_TEXT_CHARS;
pub use imports::prune_imports::Pruned as PrunedImports;
pub use imports::runs::{ABORTED as ABORTED_IMPORT, ImportChunk};
pub use read::forecast::{Durations, Forecast};
pub use read::forecast_queue::QueueForecast;
pub use read::list_jobs::{Page, PageAfter};
pub use read::shots::{Shot, ShotEdit, ShotStatus};
pub use read::sift::{MAX_SCANNED, SCAN_TIME};
pub use stats::{Cause, FailedJob, Stats, StatsDetail};
pub use upkeep::archive::{
    ArchiveFinding, ArchiveFolder, ArchiveStep, ArchivedJob, Verified as VerifiedArchives,
};
pub use upkeep::backup::back_up::{Backup, BackupFolder};
pub use upkeep::backup::release_restored::{LeasedPolicy, ReleasedAfterRestore};
pub use upkeep::get_health::{DRAINING, Health, HealthStatus, NotReady, pending_steps};
pub use upkeep::loops::LoopStatus;
pub use upkeep::retention::{RetentionCount, RetentionPreview, RetentionRun, Storage};
pub use validate::check_rows::{check_rows, cut_times};
pub use validate::pointer::{JsonPath, Part};
pub use validate::{MAX_MEMBER_NAME_CHARS, no_nul_parameter};
pub use watch::event_filter::{EventFilter, FilteredBatch};
pub use watch::feed::{Change as FeedChange, StreamPosition};
pub use watch::watch_job::{JobMessage, JobWatch};
pub use watch::watch_jobs::{JobsMessage, JobsWatch, Reset};
pub use work::claim_jobs::{Claim, Claimed};
pub use work::finish_job::Failure;
pub use work::heartbeat::{Heartbeat, HeartbeatReply};
pub use work::items::ItemReport;
pub use work::job_token::is_job_token;
pub use work::outcomes::{AttemptReport, Ending};
pub use work::progress::Progress;
pub use workers::list_workers::{Worker, WorkerStatus, Workers};

use crate::{
    clock::{Clock, SystemClock},
    db::{
        Database,
        write::{Change, ChangeJob, Changed, Items, Loaded},
    },
    error::{Error, Resource, Result},
    lifecycle::Cursor,
    log_rate_limit::LogRateLimit,
    process,
    random::{Random, SystemRandom},
    telemetry::request,
};
use catalog::keys::ring::KeyRing;
use chrono::{DateTime, Utc};
use entity::job;
use read::forecast::RememberedDurations;
use std::{
    ops::Deref,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::{Notify, Semaphore};
use upkeep::get_health::ServerState;
use upkeep::lease_watch::LeaseWatch;
use upkeep::loops::Loops;
use upkeep::prune_log_lines::StoredLines;
use upkeep::retention::{SharedStorage, TimeLooks};
use watch::feed::Feed;
use watch::follow::FollowerFailures;
use watch::job_waits::JobWaits;
use work::claim_waiters::ClaimWaiters;
use workers::worker_activity::WorkerActivity;

/// Versions of a job that a change may apply to: those of an `If-Match` header, or any if `None`.
pub type IfVersion = Option<Vec<i64>>;

/// Conditions under which the server accepts a report on a job.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    pub version: IfVersion,
    /// Token of the lease that the caller holds; `None` for a job that was started without a lease.
    pub lease: Option<String>,
}

impl From<IfVersion> for Guard {
    fn from(version: IfVersion) -> Self {
        Self {
            version,
            lease: None,
        }
    }
}

impl Guard {
    /// Creates a guard for the lease with this token.
    pub fn lease(token: impl Into<String>) -> Self {
        Self {
            version: None,
            lease: Some(token.into()),
        }
    }
}

/// The service, as one caller uses it.
#[derive(Clone)]
pub struct JobManager {
    db: Database,
    /// Caller; `None` for the server itself and the command line.
    caller: Option<Arc<Principal>>,
    /// Who asks for changes of keys and sessions, for the audit.
    asker: Asker,
    looked_at: u64,
    looked_for: Duration,
    shared: Arc<Shared>,
}

/// Parts of the service that all of its callers share.
pub struct Shared {
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Random>,
    feed: Feed,
    /// Signal that an action was started on this server.
    wake: Arc<Notify>,
    /// When the next schedule is due.
    alarm: catalog::schedules::Alarm,
    webhooks: catalog::webhooks::WebhookSender,
    /// Name of this process as the owner of the actions that it runs.
    owner: Arc<str>,
    waiting: ClaimWaiters,
    job_waits: JobWaits,
    streams: Arc<Semaphore>,
    /// Turn to make a backup.
    backing_up: Arc<tokio::sync::Mutex<()>>,
    keys: KeyRing,
    /// Held while the keys are read: an earlier reading must not replace a later one.
    loading_keys: Arc<tokio::sync::Mutex<()>>,
    audit: AuditCalls,
    workers: WorkerActivity,
    loops: Loops,
    follower_failures: FollowerFailures,
    lease_watch: LeaseWatch,
    storage: SharedStorage,
    looks: TimeLooks,
    durations: RememberedDurations,
    lines: StoredLines,
    /// Log lines about jobs that cannot be rescued: each round finds them again.
    unrescued: Arc<Mutex<LogRateLimit>>,
    /// Permits for concurrent text searches.
    searches: Arc<Semaphore>,
    server: Arc<ServerState>,
}

impl Deref for JobManager {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl JobManager {
    pub fn new(db: Database, clock: Arc<dyn Clock>, chance: Arc<dyn Random>) -> Self {
        let process = process::own().unwrap_or_else(|| "? ? ? ?".to_owned());
        let owner = format!("{process} {}", SystemRandom.id()).into();
        let feed = Feed::new(db.clone());
        let waiting = ClaimWaiters::new(db.clone(), clock.clone(), chance.clone());
        let (wake, workers, loops) = (Arc::default(), WorkerActivity::default(), Loops::default());
        let job_waits = JobWaits::new(db.change_bus().clone());
        let streams = Arc::new(Semaphore::new(watch::watch_jobs::MAX_STREAMS));
        let searches = Arc::new(Semaphore::new(filter::MAX_SEARCHES));
        let server = Arc::new(ServerState::started_at(clock.monotonic()));
        let keys = KeyRing::new(clock.clone());
        let shared = Shared {
            clock,
            chance,
            feed,
            wake,
            alarm: catalog::schedules::Alarm::default(),
            webhooks: catalog::webhooks::WebhookSender::default(),
            owner,
            waiting,
            job_waits,
            streams,
            backing_up: Arc::default(),
            keys,
            loading_keys: Arc::default(),
            audit: AuditCalls::default(),
            workers,
            loops,
            follower_failures: FollowerFailures::default(),
            lease_watch: LeaseWatch::default(),
            storage: SharedStorage::default(),
            looks: TimeLooks::default(),
            durations: RememberedDurations::default(),
            lines: StoredLines::default(),
            unrescued: Arc::default(),
            searches,
            server,
        };
        Self {
            db,
            caller: None,
            asker: Asker::default(),
            looked_at: MAX_SCANNED,
            looked_for: SCAN_TIME,
            shared: Arc::new(shared),
        }
    }

    /// Returns the service as the caller uses it. Its changes are recorded under the caller's key,
    /// and each call is held to what the caller may see and do.
    pub fn acting(&self, caller: Arc<Principal>) -> Self {
        Self {
            db: self.db.acting(caller.clone()),
            caller: Some(caller),
            asker: self.asker.clone(),
            looked_at: self.looked_at,
            looked_for: self.looked_for,
            shared: self.shared.clone(),
        }
    }

    /// Returns the caller; `None` for the server itself and the command line.
    pub fn caller(&self) -> Option<&Arc<Principal>> {
        self.caller.as_ref()
    }

    /// Returns what the caller is bound to; `None` if there are all jobs for it.
    pub(crate) fn binding(&self) -> Option<&Binding> {
        let binding = self.caller.as_ref().map(|caller| &caller.binding);
        binding.filter(|binding| !binding.is_free())
    }

    /// Returns the filter with what the caller is bound to.
    pub fn bound(&self, filter: &Filter) -> Filter {
        self.db.bound(filter)
    }

    /// Returns the id of the caller's key; `None` where nothing authenticated.
    fn caller_id(&self) -> Option<String> {
        self.caller
            .as_ref()
            .and_then(|caller| caller.key_id.clone())
    }

    /// Returns the change counter of the job cache: see [`crate::db::JobCache::changes`].
    pub fn changes(&self) -> Option<u64> {
        self.db.job_cache().changes()
    }

    /// Creates a service without a database: see [`Database::detached`].
    pub fn detached() -> Self {
        Self::new(
            Database::detached(),
            Arc::new(SystemClock),
            Arc::new(SystemRandom),
        )
    }

    /// Returns the database, for connecting, migrating and closing. To change a job, call a method
    /// of this type instead.
    pub fn database(&self) -> &Database {
        &self.db
    }

    /// Ends all streams and waiting calls, before the process ends.
    pub async fn end_streams(&self) {
        self.feed.end().await;
    }

    /// Returns when the process is about to end.
    pub async fn ending(&self) {
        self.feed.ended().await;
    }

    /// Returns the clock of this service.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    fn owner(&self) -> String {
        self.owner.to_string()
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Changes one job. `decide` receives the row and the time of the change, and returns the new
    /// row. That time may be seconds after the call, since the write waits in a queue.
    async fn change(
        &self,
        id: &str,
        if_version: IfVersion,
        items: Items,
        decide: impl Fn(&Loaded, DateTime<Utc>) -> Result<Option<Change>> + Send + Sync + 'static,
    ) -> Result<job::Model> {
        Ok(self.try_change(id, if_version, items, 0, decide).await?.job)
    }

    /// Changes one job like [`JobManager::change`], and also returns whether anything changed.
    /// `weight` is the approximate size of the caller's data in `decide`, in bytes.
    async fn try_change(
        &self,
        id: &str,
        if_version: IfVersion,
        items: Items,
        weight: usize,
        decide: impl Fn(&Loaded, DateTime<Utc>) -> Result<Option<Change>> + Send + Sync + 'static,
    ) -> Result<Changed> {
        validate::may_exist(id, Resource::Job)?;
        let clock = self.clock.clone();
        let decide = Box::new(move |loaded: &Loaded| {
            let now = clock.now();
            let change = decide(loaded, now)?;
            Ok(change.map(|change| stamped(change, now)))
        });
        let changed = self
            .db
            .commit(ChangeJob {
                id: id.to_owned(),
                if_version,
                items,
                weight,
                decide,
            })
            .await;
        let changed = self.or_archived(id, changed).await;
        self.note_refusal(changed.as_ref().err(), [id]);
        if let Ok(changed) = &changed {
            request::note_job(id);
            let before = changed.worker_id.as_deref();
            request::note_worker(changed.job.worker_id.as_deref().or(before));
        }
        changed
    }

    /// Remembers jobs whose calls were refused because of the state of the server or the database:
    /// their workers may call again before the jobs are taken from them.
    fn note_refusal<'a>(&self, error: Option<&Error>, ids: impl IntoIterator<Item = &'a str>) {
        if error.is_some_and(|error| error.is_passing() || matches!(error, Error::Overloaded)) {
            let at = self.clock.monotonic();
            ids.into_iter()
                .for_each(|id| self.lease_watch.refused(id, at));
        }
    }
}

/// Sets `updated_at` if the change adds an event to the history.
fn stamped(mut change: Change, now: DateTime<Utc>) -> Change {
    if !change.events.is_empty() {
        change.job.updated_at = now;
    }
    change
}

/// Cuts a page from rows that were read with one extra row, and returns the cursor of the next page
/// if there is one.
fn cut<R>(mut rows: Vec<R>, limit: u64, place: impl Fn(&R) -> Cursor) -> (Vec<R>, Option<Cursor>) {
    let more = rows.len() as u64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = rows.last().filter(|_| more).map(place);
    (rows, next)
}
