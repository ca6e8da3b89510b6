//! The service, as one caller uses it: its parts, and the caller.

mod change;
mod shared;

pub(super) use change::stamped;
pub use change::{Guard, IfVersion};
pub use shared::Shared;

use crate::{
    clock::{Clock, SystemClock},
    db::Database,
    jobs::{
        catalog::audit::Asker,
        read::sift::{MAX_SCANNED, SCAN_TIME},
    },
    lifecycle::{Binding, Filter, Principal},
    random::{Random, SystemRandom},
};
use chrono::{DateTime, Utc};
use std::{ops::Deref, sync::Arc, time::Duration};

/// The service, as one caller uses it.
#[derive(Clone)]
pub struct JobManager {
    pub(in crate::jobs) db: Database,
    /// Caller; `None` for the server itself and the command line.
    pub(in crate::jobs) caller: Option<Arc<Principal>>,
    /// Who asks for changes of keys and sessions, for the audit.
    pub(in crate::jobs) asker: Asker,
    pub(in crate::jobs) looked_at: u64,
    pub(in crate::jobs) looked_for: Duration,
    pub(in crate::jobs) shared: Arc<Shared>,
}

impl Deref for JobManager {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl JobManager {
    pub fn new(db: Database, clock: Arc<dyn Clock>, chance: Arc<dyn Random>) -> Self {
        Self {
            shared: Arc::new(Shared::new(&db, clock, chance)),
            db,
            caller: None,
            asker: Asker::default(),
            looked_at: MAX_SCANNED,
            looked_for: SCAN_TIME,
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
    pub(in crate::jobs) fn caller_id(&self) -> Option<String> {
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

    pub(in crate::jobs) fn owner(&self) -> String {
        self.owner.to_string()
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}
