//! Parts of the service that all of its callers share, such as the clock, the feed and the limits.

use crate::{
    clock::Clock,
    db::Database,
    jobs::{
        catalog::{
            audit::AuditCalls, keys::ring::KeyRing, schedules::Alarm, webhooks::WebhookSender,
        },
        read::{forecast::RememberedDurations, searches::MAX_SEARCHES},
        upkeep::{
            get_health::ServerState,
            lease_watch::LeaseWatch,
            loops::Loops,
            prune_log_lines::StoredLines,
            retention::{SharedStorage, TimeLooks},
            servers::OwnServer,
        },
        watch::{feed::Feed, follow::FollowerFailures, job_waits::JobWaits, streams::MAX_STREAMS},
        work::claim_waiters::ClaimWaiters,
        workers::worker_activity::WorkerActivity,
    },
    log_rate_limit::LogRateLimit,
    media_folder::MediaFolder,
    process,
    random::{Random, SystemRandom},
};
use std::sync::{Arc, Mutex, OnceLock};
use tokio::sync::{Notify, Semaphore};

/// Parts of the service that all of its callers share.
pub struct Shared {
    pub(in crate::jobs) clock: Arc<dyn Clock>,
    pub(in crate::jobs) chance: Arc<dyn Random>,
    pub(in crate::jobs) feed: Feed,
    /// Signal that an action was started on this server.
    pub(in crate::jobs) wake: Arc<Notify>,
    /// When the next schedule is due.
    pub(in crate::jobs) alarm: Alarm,
    pub(in crate::jobs) webhooks: WebhookSender,
    /// Name of this process as the owner of the actions that it runs.
    pub(in crate::jobs) owner: Arc<str>,
    pub(in crate::jobs) waiting: ClaimWaiters,
    pub(in crate::jobs) job_waits: JobWaits,
    pub(in crate::jobs) streams: Arc<Semaphore>,
    /// Turn to make a backup.
    pub(in crate::jobs) backing_up: Arc<tokio::sync::Mutex<()>>,
    pub(in crate::jobs) keys: KeyRing,
    /// Held while the keys are read: an earlier reading must not replace a later one.
    pub(in crate::jobs) loading_keys: Arc<tokio::sync::Mutex<()>>,
    pub(in crate::jobs) audit: AuditCalls,
    pub(in crate::jobs) workers: WorkerActivity,
    pub(in crate::jobs) loops: Loops,
    pub(in crate::jobs) follower_failures: FollowerFailures,
    pub(in crate::jobs) lease_watch: LeaseWatch,
    pub(in crate::jobs) storage: SharedStorage,
    /// Folder from which retention removes files; unset without one.
    pub(in crate::jobs) media: Arc<OnceLock<MediaFolder>>,
    pub(in crate::jobs) looks: TimeLooks,
    pub(in crate::jobs) durations: RememberedDurations,
    pub(in crate::jobs) lines: StoredLines,
    /// Log lines about jobs that cannot be rescued: each round finds them again.
    pub(in crate::jobs) unrescued: Arc<Mutex<LogRateLimit>>,
    /// Permits for concurrent text searches.
    pub(in crate::jobs) searches: Arc<Semaphore>,
    pub(in crate::jobs) server: Arc<ServerState>,
    pub(in crate::jobs) own_server: OwnServer,
}

impl Shared {
    pub(super) fn new(db: &Database, clock: Arc<dyn Clock>, chance: Arc<dyn Random>) -> Self {
        let process = process::own().unwrap_or_else(|| "? ? ? ?".to_owned());
        let owner = format!("{process} {}", SystemRandom.id()).into();
        let feed = Feed::new(db.clone());
        let waiting = ClaimWaiters::new(db.clone(), clock.clone(), chance.clone());
        let (wake, workers, loops) = (Arc::default(), WorkerActivity::default(), Loops::default());
        let job_waits = JobWaits::new(db.change_bus().clone());
        let streams = Arc::new(Semaphore::new(MAX_STREAMS));
        let searches = Arc::new(Semaphore::new(MAX_SEARCHES));
        let server = Arc::new(ServerState::started_at(clock.monotonic()));
        let keys = KeyRing::new(clock.clone());
        Self {
            clock,
            chance,
            feed,
            wake,
            alarm: Alarm::default(),
            webhooks: WebhookSender::default(),
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
            media: Arc::default(),
            looks: TimeLooks::default(),
            durations: RememberedDurations::default(),
            lines: StoredLines::default(),
            unrescued: Arc::default(),
            searches,
            server,
            own_server: OwnServer::default(),
        }
    }
}
