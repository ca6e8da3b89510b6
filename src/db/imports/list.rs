//! Import runs and their rejects, as lists.

use crate::{
    db::{Database, Part, Readable, part, rows::keyset},
    error::{Error, Resource, Result},
    lifecycle::Cursor,
};
use chrono::{DateTime, Utc};
use entity::{
    import::{self, Column as C, ImportStatus},
    import_reject,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// Run that has ended, as far as its deletion depends on it.
pub struct EndedImport {
    pub id: String,
    pub finished_at: Option<DateTime<Utc>>,
    /// Size of its rejects, in bytes.
    pub reject_bytes: i64,
}

impl Database {
    /// Returns the import run with this id.
    ///
    /// Errors: `import_not_found`.
    pub async fn import(&self, id: &str) -> Result<import::Model> {
        import::Entity::find_by_id(id)
            .row(self.read())
            .await?
            .ok_or(Error::NotFound(Resource::Import))
    }

    /// Returns the status of the run with this id, if there is such a run.
    pub async fn import_status(&self, id: &str) -> Result<Option<ImportStatus>> {
        let status = import::Entity::find_by_id(id)
            .select_only()
            .column(C::Status);
        Ok(status.into_tuple().row(self.read()).await?)
    }

    /// Returns the runs that have not ended.
    pub async fn running_imports(&self) -> Result<Vec<import::Model>> {
        let running = import::Entity::find().filter(C::Status.eq(ImportStatus::Running));
        Ok(running.rows(self.read()).await?)
    }

    /// Returns the runs that have ended, newest first.
    pub async fn ended_imports(&self) -> Result<Vec<EndedImport>> {
        let ended = import::Entity::find()
            .filter(C::Status.ne(ImportStatus::Running))
            .select_only()
            .columns([C::Id, C::FinishedAt, C::RejectBytes])
            .order_by_desc(C::StartedAt)
            .order_by_desc(C::Id)
            .into_tuple();
        let rows: Vec<(String, Option<DateTime<Utc>>, i64)> = ended.rows(self.read()).await?;
        let run = |(id, finished_at, reject_bytes)| EndedImport {
            id,
            finished_at,
            reject_bytes,
        };
        Ok(rows.into_iter().map(run).collect())
    }

    /// Returns the import runs behind the cursor, newest first: at most `limit`, fewer if they are
    /// large.
    pub async fn imports(&self, after: Option<Cursor>, limit: u64) -> Result<Part<import::Model>> {
        let query = keyset::newest_first(import::Entity::find(), C::StartedAt, C::Id, after);
        let long = [C::Options, C::Error, C::Report];
        Ok(part(query, limit, &long, self.read()).await?)
    }

    /// Returns the rejects of a run behind the reject with the id `after`, in the order in which
    /// the importer found them: at most `limit`, fewer if they are large.
    pub async fn import_rejects(
        &self,
        import_id: &str,
        after: Option<i64>,
        limit: u64,
    ) -> Result<Part<import_reject::Model>> {
        use import_reject::Column as C;
        let mut rejects = import_reject::Entity::find()
            .filter(C::ImportId.eq(import_id))
            .order_by_asc(C::Id);
        if let Some(after) = after {
            rejects = rejects.filter(C::Id.gt(after));
        }
        let long = [C::File, C::Key, C::Detail, C::Raw];
        Ok(part(rejects, limit, &long, self.read()).await?)
    }
}
