//! list_items and report_items: the parts of a job, from which a new attempt resumes.

mod apply_reports;
mod check_reports;

pub use check_reports::ItemReport;

use crate::{
    db::{
        Part,
        write::{Change, Loaded},
    },
    error::{Error, FieldError, Result},
    jobs::{
        Guard, JobManager,
        work::{
            begin::begin_first,
            heard_of::heard_of,
            progress::{must_process, reported},
        },
    },
    lifecycle::EventKind,
};
pub(in crate::jobs) use apply_reports::apply_reports;
pub(in crate::jobs) use check_reports::{check, named, weight};
use chrono::{DateTime, Utc};
use entity::{job, job_item};
use serde_json::{Value, json};

/// Maximum bytes of all items of a job together, which a claim gives in one answer.
const MAX_JOB_ITEM_BYTES: u64 = 64 << 20;

/// Minimum size of a report for which the items of its job are counted.
const LARGE_REPORT_BYTES: usize = 16 << 10;

impl JobManager {
    /// Lists the items of a job behind position `after`, in order: at most `limit`, fewer if they
    /// are large.
    ///
    /// Errors: `job_not_found`.
    pub async fn list_items(
        &self,
        id: &str,
        after: Option<i32>,
        limit: u64,
    ) -> Result<Part<job_item::Model>> {
        self.find_job(id).await?;
        self.db.items(id, after, limit).await
    }

    /// Applies a batch of reports, all or none, and updates total_shots, completed_shots and
    /// progress. The first report on a queued job that its creator runs starts the job.
    ///
    /// Errors: `job_not_found`, `job_not_processing`, `lease_lost`, `item_not_found`,
    /// `item_conflict`, `invalid_request`, `version_mismatch`.
    pub async fn report_items(
        &self,
        id: &str,
        reports: Vec<ItemReport>,
        guard: impl Into<Guard> + Send,
    ) -> Result<job::Model> {
        check(&reports)?;
        let Guard { version, lease } = guard.into();
        let weight = weight(&reports);
        self.check_room_for_items(id, weight).await?;
        let done = self.try_change(id, version, named(&reports), weight, move |loaded, now| {
            let token = lease.as_deref();
            begin_first(loaded, token, now, |loaded| {
                decide(loaded, token, &reports, now)
            })
        });
        Ok(done.await?.job)
    }
}

fn decide(
    loaded: &Loaded,
    token: Option<&str>,
    reports: &[ItemReport],
    now: DateTime<Utc>,
) -> Result<Option<Change>> {
    must_process(&loaded.job, token)?;
    let mut job = loaded.job.clone();
    let changed = apply_reports(&mut job, loaded, reports, now)?;
    if changed.is_empty() {
        return Ok(reported(loaded, job, EventKind::ItemsReported, now));
    }
    heard_of(&mut job, now);
    let event_data = event_data(&changed);
    Ok(Some(Change {
        items: changed,
        ..Change::of(EventKind::ItemsReported, job).with_data(event_data)
    }))
}

impl JobManager {
    /// Checks that the items of a job stay small enough together to be claimed. Small reports need
    /// no look: 10,000 of them fit into an answer.
    pub(in crate::jobs) async fn check_room_for_items(
        &self,
        id: &str,
        weight: usize,
    ) -> Result<()> {
        if weight < LARGE_REPORT_BYTES {
            return Ok(());
        }
        let bytes = self.db.item_bytes(id).await?;
        if bytes + weight as u64 <= MAX_JOB_ITEM_BYTES {
            return Ok(());
        }
        let detail = format!(
            "The items of the job would have more than {} MiB together, and no worker could claim \
            it again: report paths of files instead of their content.",
            MAX_JOB_ITEM_BYTES >> 20
        );
        Err(Error::invalid(FieldError::at(
            "/items",
            "too_large",
            detail,
        )))
    }
}

/// Returns the data of an event about changed items.
pub(in crate::jobs) fn event_data(changed: &[job_item::Model]) -> Value {
    let item =
        |item: &job_item::Model| json!({"idx": item.idx, "key": item.key, "status": item.status});
    json!({"items": changed.iter().map(item).collect::<Vec<_>>()})
}
