//! Calls of the importer: store a run, its records and its rejects.

use crate::{
    db::{
        is_unique_violation,
        write::{
            AbortImport, FailOrphanedImports, FinishImport, HeartbeatImport, ImportBatch, Imported,
            ImportedJob, OnConflict, StartImport, dry_run,
        },
    },
    error::{Resource, Result},
    jobs::{JobManager, validate},
    process,
};
use chrono::TimeDelta;
use entity::{
    import::{self, ImportStatus},
    import_reject,
};
use serde_json::Value;
use std::sync::Arc;

/// Time without a heartbeat after which the process of a run counts as gone. A run sends one every
/// ten seconds.
const ORPHANED_AFTER: TimeDelta = TimeDelta::seconds(60);

/// Maximum number of attempts to write a batch while another writer creates jobs with the same ids.
/// The next attempt finds these jobs.
const TRIES: usize = 3;

const ORPHANED: &str = "The process that ran this import has stopped. The records imported until \
    then are complete; run the import again to import the rest.";

/// Error text in the row of an aborted run.
pub const ABORTED: &str =
    "Aborted on request. What came in until then is whole, and running again does the rest.";

/// Records and rejects of a run that are written together.
pub struct ImportChunk {
    pub jobs: Arc<Vec<ImportedJob>>,
    /// Whether the importer repaired the record of each job.
    pub repaired: Vec<bool>,
    /// Number of rejected records.
    pub rejected: usize,
    /// Rejected records that are stored.
    pub rejects: Vec<import_reject::Model>,
}

impl JobManager {
    /// Starts a run and returns its id.
    pub async fn start_import(&self, options: Value) -> Result<String> {
        let id = self.chance.id();
        let now = self.now();
        let row = import::Model {
            id: id.clone(),
            status: ImportStatus::Running,
            options,
            found: 0,
            imported: 0,
            merged: 0,
            overwritten: 0,
            already_there: 0,
            repaired: 0,
            rejected: 0,
            error: None,
            started_at: now,
            finished_at: None,
            heartbeat_at: Some(now),
            process: process::own(),
            report: None,
            rejects_kept: 0,
            reject_bytes: 0,
        };
        self.db.commit(StartImport(row)).await?;
        Ok(id)
    }

    /// Writes records and rejects of a run, all or none; for a dry run only the counts and rejects.
    /// Returns the outcome of each job.
    pub async fn import_batch(
        &self,
        import_id: &str,
        on_conflict: OnConflict,
        dry: bool,
        batch: ImportChunk,
    ) -> Result<Vec<Imported>> {
        let ImportChunk {
            mut jobs,
            repaired,
            rejected,
            rejects,
        } = batch;
        let untaken = |record: &ImportedJob| {
            record.job.lease_expires_at.is_some() && record.job.lease_token.is_none()
        };
        if jobs.iter().any(untaken) {
            // No worker knows this token: the lease expires, and the job then counts as abandoned.
            let leased = Arc::make_mut(&mut jobs)
                .iter_mut()
                .filter(|record| untaken(record));
            leased.for_each(|record| record.job.lease_token = Some(self.chance.id()));
        }
        for _ in 1..TRIES {
            let (import_id, jobs) = (import_id.to_owned(), jobs.clone());
            let (repaired, rejects, now) = (repaired.clone(), rejects.clone(), self.now());
            match self
                .db
                .commit(ImportBatch {
                    import_id,
                    jobs,
                    repaired,
                    on_conflict,
                    dry,
                    rejected,
                    rejects,
                    now,
                })
                .await
            {
                Err(error) if is_unique_violation(&error) => {}
                outcome => return outcome,
            }
        }
        let import_id = import_id.to_owned();
        let now = self.now();
        self.db
            .commit(ImportBatch {
                import_id,
                jobs,
                repaired,
                on_conflict,
                dry,
                rejected,
                rejects,
                now,
            })
            .await
    }

    /// Returns the outcome that an import of these records would have, one for each record.
    pub async fn dry_run_import(
        &self,
        records: &[ImportedJob],
        on_conflict: OnConflict,
    ) -> Result<Vec<Imported>> {
        if self.db.is_detached() {
            return Ok(vec![Imported::Imported; records.len()]);
        }
        dry_run(self.db.read(), records, on_conflict, self.now()).await
    }

    /// Records a heartbeat of the run.
    pub async fn beat_import(&self, id: &str) -> Result<()> {
        self.db
            .commit(HeartbeatImport {
                id: id.to_owned(),
                now: self.now(),
            })
            .await
    }

    /// Ends a run, with the error that stopped it, if any, and with its report, if known.
    pub async fn finish_import(
        &self,
        id: &str,
        error: Option<String>,
        report: Option<Value>,
    ) -> Result<()> {
        let status = if error.is_some() {
            ImportStatus::Failed
        } else {
            ImportStatus::Finished
        };
        self.db
            .commit(FinishImport {
                id: id.to_owned(),
                status,
                error,
                report,
                now: self.now(),
            })
            .await
    }

    /// Aborts a run on whichever server or command it runs. Nothing more of it is written, and
    /// imported jobs stay. A run that has ended stays unchanged.
    ///
    /// Errors: `import_not_found`.
    pub async fn abort_import(&self, id: &str) -> Result<import::Model> {
        validate::may_exist(id, Resource::Import)?;
        let (id, error) = (id.to_owned(), ABORTED.to_owned());
        self.db
            .commit(AbortImport {
                id,
                error,
                now: self.now(),
            })
            .await
    }

    /// Returns whether the run was aborted, or no longer exists.
    pub async fn is_aborted(&self, id: &str) -> Result<bool> {
        let status = self.db.import_status(id).await?;
        Ok(status.is_none_or(|status| status == ImportStatus::Aborted))
    }

    /// Ends the runs whose process is gone, and returns their number. Runs of other servers on the
    /// same database continue.
    pub async fn fail_orphaned_imports(&self) -> Result<u64> {
        let running = self.db.running_imports().await?;
        if running.is_empty() {
            return Ok(0);
        }
        let gone = |run: &import::Model| run.process.as_deref().is_some_and(process::is_gone);
        let ids = running.into_iter().filter(gone).map(|run| run.id).collect();
        let now = self.now();
        self.db
            .commit(FailOrphanedImports {
                ids,
                silent_since: now - ORPHANED_AFTER,
                error: ORPHANED.to_owned(),
                now,
            })
            .await
    }
}
