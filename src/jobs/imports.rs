//! What the importer asks of the service: to keep a run, its records and its rejects.

use super::JobManager;
use crate::{
    db::write::{FinishImport, ImportBatch, ImportedJob, Landed, StartImport, landing},
    error::Result,
};
use entity::{
    import::{self, ImportStatus},
    import_reject,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;

impl JobManager {
    /// Begins a run and answers with its id.
    pub async fn start_import(&self, options: Value) -> Result<String> {
        let id = self.chance.id();
        let row = import::Model {
            id: id.clone(),
            status: ImportStatus::Running,
            options,
            found: 0,
            imported: 0,
            already_there: 0,
            merged: 0,
            overwritten: 0,
            repaired: 0,
            rejected: 0,
            heartbeat_at: Some(self.now()),
            process: None,
            error: None,
            started_at: self.now(),
            finished_at: None,
        };
        self.db.commit(StartImport(row)).await?;
        Ok(id)
    }

    /// Writes records and rejects of a run, all or none. Answers with what became of each job.
    pub async fn import_batch(
        &self,
        import_id: &str,
        jobs: Vec<ImportedJob>,
        rejects: Vec<import_reject::ActiveModel>,
    ) -> Result<Vec<Landed>> {
        self.db.commit(ImportBatch { import_id: import_id.to_owned(), jobs, rejects, now: self.now() }).await
    }

    /// Ends a run, with the error that stopped it if one did.
    pub async fn finish_import(&self, id: &str, error: Option<String>) -> Result<()> {
        let status = if error.is_some() { ImportStatus::Failed } else { ImportStatus::Finished };
        self.db.commit(FinishImport { id: id.to_owned(), status, error, now: self.now() }).await
    }

    /// What importing jobs with these ids would come to, one an id.
    pub async fn foresee_import(&self, ids: Vec<String>) -> Result<Vec<Landed>> {
        landing(self.db.read(), ids.iter()).await
    }

    /// A run of the importer.
    pub async fn get_import(&self, id: &str) -> Result<Option<import::Model>> {
        Ok(import::Entity::find_by_id(id).one(self.db.read()).await?)
    }

    /// The runs of the importer, the newest first.
    pub async fn list_imports(&self, limit: u64) -> Result<Vec<import::Model>> {
        let newest = import::Entity::find()
            .order_by_desc(import::Column::StartedAt)
            .order_by_desc(import::Column::Id)
            .limit(limit);
        Ok(newest.all(self.db.read()).await?)
    }

    /// The rejects of a run, in the order in which they were met.
    pub async fn list_import_rejects(&self, import_id: &str) -> Result<Vec<import_reject::Model>> {
        let rejects = import_reject::Entity::find()
            .filter(import_reject::Column::ImportId.eq(import_id))
            .order_by_asc(import_reject::Column::Id);
        Ok(rejects.all(self.db.read()).await?)
    }
}
