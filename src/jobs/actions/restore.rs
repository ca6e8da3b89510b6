//! Action that puts archived jobs back into the database.

use super::{ActionFilter, NewAction, Preview};
use crate::{
    db::{
        ArchivedScope,
        write::{ActionPlace, ActionStep, ActionTarget, RestoreArchived, RunActionBatch},
    },
    error::{Error, FieldError, Resource, Result},
    jobs::{JobManager, validate::Checks},
    lifecycle::Cursor,
};
use entity::{archived_job, job_action};

/// Maximum number of jobs that one transaction puts back. Each comes with all its rows.
const MAX_BATCH_JOBS: u64 = 20;

/// Bytes of frames in the archive after which a batch ends. They become several times as many.
const MAX_BATCH_BYTES: i64 = 2 << 20;

impl JobManager {
    /// Counts the archived jobs that the action would put back.
    ///
    /// Errors: `invalid_request`, `archive_unavailable`.
    pub(super) async fn preview_restore(&self, new: &NewAction) -> Result<Preview> {
        if self.binding().is_some() {
            let detail = "A key that is bound to job types or labels restores jobs one by one: \
                call restore_job for each.";
            return Err(Error::invalid(FieldError::at("/action", "invalid", detail)));
        }
        self.archive_store()?;
        let by_status = self.db.count_archived(&scope(&new.filter)).await?;
        Ok(Preview {
            will_change: by_status.total(),
            by_status,
            as_of: self.now(),
            filter_text: new.filter.text(),
        })
    }

    /// Number of all archived jobs.
    pub(super) async fn archived_jobs(&self) -> Result<u64> {
        let all = self.db.count_archived(&ArchivedScope::default()).await?;
        Ok(all.total())
    }

    /// Puts the next batch of archived jobs back. Returns false if none is left, or if the action
    /// no longer belongs to this process.
    pub(super) async fn next_restore_batch(
        &self,
        action: &job_action::Model,
        filter: &ActionFilter,
    ) -> Result<bool> {
        let after = action.after_id.as_deref();
        let scope = scope(filter);
        let mut page = self
            .db
            .archived_behind(&scope, after, MAX_BATCH_JOBS)
            .await?;
        keep_first_bytes(&mut page);
        let Some(last) = page.last() else {
            return Ok(false);
        };
        let upto = ActionPlace::Job(Cursor {
            created_at: last.created_at,
            id: last.job_id.clone(),
        });
        let mut jobs = Vec::with_capacity(page.len());
        for row in page {
            jobs.push(ActionTarget {
                step: self.restore_step(&row.job_id).await?,
                id: row.job_id,
            });
        }
        self.db
            .commit(RunActionBatch {
                action_id: action.id.clone(),
                process: self.owner(),
                jobs,
                upto: Some(upto),
                now: self.now(),
            })
            .await
    }

    async fn restore_step(&self, id: &str) -> Result<ActionStep> {
        match self.get_archived_job(id).await {
            Ok(archived) => Ok(ActionStep::Restore(Box::new(RestoreArchived {
                record: archived.record,
                row: archived.row,
                now: self.now(),
            }))),
            // Another call has put it back meanwhile.
            Err(Error::NotFound(Resource::Job)) => Ok(ActionStep::Refuse(Box::new(|| {
                Error::NotFound(Resource::Job)
            }))),
            Err(Error::ArchiveDamaged(why)) => Ok(ActionStep::Refuse(Box::new(move || {
                Error::ArchiveDamaged(why.clone())
            }))),
            Err(error) => Err(error),
        }
    }
}

/// Removes rows from the end until the frames of the rest are small together; the first one stays.
fn keep_first_bytes(page: &mut Vec<archived_job::Model>) {
    let mut bytes = 0_i64;
    let fit = page.iter().take_while(|row| {
        let fits = bytes == 0 || bytes.saturating_add(row.length) <= MAX_BATCH_BYTES;
        bytes = bytes.saturating_add(row.length);
        fits
    });
    let fit = fit.count();
    page.truncate(fit);
}

fn scope(filter: &ActionFilter) -> ArchivedScope {
    ArchivedScope {
        statuses: filter.status.clone(),
        job_ids: filter.job_ids.clone(),
        job_type: filter.job_type.clone(),
        created_after: filter.created_after,
        created_before: filter.created_before,
        ended_after: filter.ended_after,
        ended_before: filter.ended_before,
    }
}

/// Refuses fields by which archived jobs cannot be found.
pub(super) fn check_fields(checks: &mut Checks, filter: &ActionFilter) {
    let given = [
        ("mode", filter.mode.is_some()),
        ("series_id", filter.series_id.is_some()),
        ("episode_id", filter.episode_id.is_some()),
        ("created_by", filter.created_by.is_some()),
        ("labels", !filter.labels.is_empty()),
        ("error", filter.error.is_some()),
        ("worker_id", filter.worker_id.is_some()),
        ("q", filter.q.is_some()),
    ];
    for (name, _) in given.into_iter().filter(|(_, given)| *given) {
        checks.fail(
            format!("/filter/{name}"),
            "invalid",
            "Archived jobs can be found only by status, job_type, times and job_ids: remove this \
            field.",
        );
    }
}
