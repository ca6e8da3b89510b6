//! Change of one job: its conditions, and the path from a decision to the write.

use crate::{
    db::write::{Change, ChangeJob, Changed, Items, Loaded},
    error::{Error, Resource, Result},
    jobs::{JobManager, validate},
    telemetry::request,
};
use chrono::{DateTime, Utc};
use entity::job;

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

impl JobManager {
    /// Changes one job. `decide` receives the row and the time of the change, and returns the new
    /// row. That time may be seconds after the call, since the write waits in a queue.
    pub(in crate::jobs) async fn change(
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
    pub(in crate::jobs) async fn try_change(
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
    pub(in crate::jobs) fn note_refusal<'a>(
        &self,
        error: Option<&Error>,
        ids: impl IntoIterator<Item = &'a str>,
    ) {
        if error.is_some_and(|error| error.is_passing() || matches!(error, Error::Overloaded)) {
            let at = self.clock.monotonic();
            ids.into_iter()
                .for_each(|id| self.lease_watch.refused(id, at));
        }
    }
}

/// Sets `updated_at` if the change adds an event to the history.
pub(in crate::jobs) fn stamped(mut change: Change, now: DateTime<Utc>) -> Change {
    if !change.events.is_empty() {
        change.job.updated_at = now;
    }
    change
}
