//! What the importer asks of the service: to keep a run, its records and its rejects; and to look at them afterwards.

use super::{JobManager, validate};
use crate::{
    db::{
        Readable, is_taken, page,
        write::{
            AbortImport, BeatImport, FinishImport, GiveUpImports, ImportBatch, ImportedJob, Landed, OnConflict,
            StartImport, foresee,
        },
    },
    error::{Error, Result, Thing},
    lifecycle::Cursor,
    process,
};
use chrono::TimeDelta;
use entity::{
    import::{self, ImportStatus},
    import_reject,
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use serde_json::Value;
use std::sync::Arc;

/// A run that was not heard of for so long has no process any more. It beats every ten seconds.
const SILENCE: TimeDelta = TimeDelta::seconds(60);

/// How often a batch is written whose ids another writer takes at the same time: written again, it finds them there.
const TRIES: usize = 3;

const GIVEN_UP: &str =
    "The process that ran this import is gone. What came in until then is whole, and running it again does the rest.";

/// What the row of a run that was aborted says.
pub const ABORTED: &str = "Aborted on request. What came in until then is whole, and running again does the rest.";

/// Records and rejects of a run that belong together.
pub struct Batch {
    pub jobs: Arc<Vec<ImportedJob>>,
    /// Which of the jobs something was put right in.
    pub repaired: Vec<bool>,
    /// Records that were not taken.
    pub rejected: usize,
    /// Those of them that are kept.
    pub rejects: Vec<import_reject::Model>,
}

impl JobManager {
    /// Begins a run and answers with its id.
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

    /// Writes records and rejects of a run, all or none; of a dry one the counts and rejects alone. Answers with what
    /// became of each job.
    pub async fn import_batch(
        &self,
        import_id: &str,
        on_conflict: OnConflict,
        dry: bool,
        batch: Batch,
    ) -> Result<Vec<Landed>> {
        let Batch { mut jobs, repaired, rejected, rejects } = batch;
        let untaken = |record: &ImportedJob| record.job.lease_expires_at.is_some() && record.job.lease_token.is_none();
        if jobs.iter().any(untaken) {
            // A lease whose token nobody has: it runs out, and the job is taken for abandoned then.
            let leased = Arc::make_mut(&mut jobs).iter_mut().filter(|record| untaken(record));
            leased.for_each(|record| record.job.lease_token = Some(self.chance.id()));
        }
        for _ in 1..TRIES {
            let (import_id, jobs) = (import_id.to_owned(), jobs.clone());
            let (repaired, rejects, now) = (repaired.clone(), rejects.clone(), self.now());
            match self
                .db
                .commit(ImportBatch { import_id, jobs, repaired, on_conflict, dry, rejected, rejects, now })
                .await
            {
                Err(error) if is_taken(&error) => {}
                outcome => return outcome,
            }
        }
        let import_id = import_id.to_owned();
        let now = self.now();
        self.db.commit(ImportBatch { import_id, jobs, repaired, on_conflict, dry, rejected, rejects, now }).await
    }

    /// What importing these records would come to, one a record.
    pub async fn foresee_import(&self, records: &[ImportedJob], on_conflict: OnConflict) -> Result<Vec<Landed>> {
        if self.db.is_detached() {
            return Ok(vec![Landed::Imported; records.len()]);
        }
        foresee(self.db.read(), records, on_conflict, self.now()).await
    }

    /// Says that the run goes on.
    pub async fn beat_import(&self, id: &str) -> Result<()> {
        self.db.commit(BeatImport { id: id.to_owned(), now: self.now() }).await
    }

    /// Ends a run, with the error that stopped it if one did, and with its sums where they are known.
    pub async fn finish_import(&self, id: &str, error: Option<String>, report: Option<Value>) -> Result<()> {
        let status = if error.is_some() { ImportStatus::Failed } else { ImportStatus::Finished };
        self.db.commit(FinishImport { id: id.to_owned(), status, error, report, now: self.now() }).await
    }

    /// Ends a run that goes on, whichever server or command runs it: nothing more of it is written, and what came in stays.
    /// One that has ended stays as it is.
    ///
    /// Errors: `import_not_found`.
    pub async fn abort_import(&self, id: &str) -> Result<import::Model> {
        validate::may_exist(id, Thing::Import)?;
        let (id, error) = (id.to_owned(), ABORTED.to_owned());
        self.db.commit(AbortImport { id, error, now: self.now() }).await
    }

    /// Whether the run was aborted, or is not there any more.
    pub async fn is_aborted(&self, id: &str) -> Result<bool> {
        use import::Column as C;
        let status = import::Entity::find_by_id(id).select_only().column(C::Status);
        let status: Option<ImportStatus> = status.into_tuple().row(self.db.read()).await?;
        Ok(status.is_none_or(|status| status == ImportStatus::Aborted))
    }

    /// Ends the runs whose process is gone, and answers how many there were. Those of other servers on the same
    /// database go on.
    pub async fn give_up_imports(&self) -> Result<u64> {
        let running = import::Entity::find().filter(import::Column::Status.eq(ImportStatus::Running));
        let running = running.rows(self.db.read()).await?;
        if running.is_empty() {
            return Ok(0);
        }
        let gone = |run: &import::Model| run.process.as_deref().is_some_and(process::is_gone);
        let ids = running.into_iter().filter(gone).map(|run| run.id).collect();
        let now = self.now();
        self.db.commit(GiveUpImports { ids, silent_since: now - SILENCE, error: GIVEN_UP.to_owned(), now }).await
    }

    /// A run of the importer.
    ///
    /// Errors: `import_not_found`.
    pub async fn get_import(&self, id: &str) -> Result<import::Model> {
        validate::may_exist(id, Thing::Import)?;
        import::Entity::find_by_id(id).row(self.db.read()).await?.ok_or(Error::NotFound(Thing::Import))
    }

    /// A page of the importer's runs, the newest first, and where the next begins.
    pub async fn list_imports(
        &self,
        after: Option<Cursor>,
        limit: u64,
    ) -> Result<(Vec<import::Model>, Option<Cursor>)> {
        let mut query =
            import::Entity::find().order_by_desc(import::Column::StartedAt).order_by_desc(import::Column::Id);
        if let Some(after) = after {
            let position = Expr::tuple([Expr::col(import::Column::StartedAt), Expr::col(import::Column::Id)]);
            query = query.filter(position.lt(Expr::tuple([Expr::val(after.created_at), Expr::val(after.id)])));
        }
        let rows = page(query, limit + 1, self.db.read()).await?;
        Ok(super::cut(rows, limit, |row: &import::Model| Cursor { created_at: row.started_at, id: row.id.clone() }))
    }

    /// The rejects of a run behind the one with this number, in the order in which they were met.
    ///
    /// Errors: `import_not_found`.
    pub async fn list_import_rejects(
        &self,
        import_id: &str,
        after: Option<i64>,
        limit: u64,
    ) -> Result<Vec<import_reject::Model>> {
        self.get_import(import_id).await?;
        let mut rejects = import_reject::Entity::find()
            .filter(import_reject::Column::ImportId.eq(import_id))
            .order_by_asc(import_reject::Column::Id);
        if let Some(after) = after {
            rejects = rejects.filter(import_reject::Column::Id.gt(after));
        }
        Ok(page(rejects, limit, self.db.read()).await?)
    }
}
